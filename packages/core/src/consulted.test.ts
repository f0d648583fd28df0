/** A manager that runs elsewhere decides as it would here, and can be held to what it said. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ConsultedCourse } from "./consulted.ts";
import { askSender, attempt, note, wait } from "./manager.ts";
import { make, moves } from "./testing/moves.ts";
import { type PlayedDelivery, play, playElsewhere } from "./testing/play.ts";
import { testManager } from "./testing/test-manager.ts";

/** Looks at results and answers, notes and waits: all that a manager can do. */
const manager = testManager(function* ({ message }) {
	yield* note(`for ${message.from}`);
	const first = yield* attempt(["im", "email"], { until: "read", within: 60_000 });
	if (first.results.some(({ outcome }) => outcome === "unknown")) {
		yield* wait(30_000);
	}
	const { answer } = yield* askSender("Send a page?", { within: 120_000, otherwise: "no" });
	if (answer === "yes") {
		yield* attempt(["pager", "im"], { mode: "parallel", until: "acknowledged", within: 60_000 });
	}
});

const options = {
	mechanisms: {
		im: { kind: "im", capabilities: { receipts: "acknowledged" } },
		email: { kind: "email", capabilities: { receipts: "read" } },
		pager: { kind: "pager", capabilities: { receipts: "acknowledged" } },
	},
} as const;

function withoutEffects({ journal }: PlayedDelivery): unknown[] {
	return journal
		.filter(({ type }) => type !== "effect" && type !== "consult" && type !== "time-passed")
		.map(({ sequence: _, ...entry }) => ("allows" in entry ? entry : withoutAllows(entry)));
}

/** The policies of a manager that has to be asked say what its settings name; nothing else differs. */
function withoutAllows(entry: object): object {
	return JSON.parse(JSON.stringify(entry, (key, value) => (key === "allows" ? undefined : value)));
}

test("it decides what it would decide here, and its journal replays without asking", () => {
	fc.assert(
		fc.property(moves, (given) => {
			const here = play(manager, {}, options);
			const elsewhere = playElsewhere(manager, {}, options);
			for (const move of given) {
				make(here, move);
				make(elsewhere, move);
			}
			expect(withoutEffects(elsewhere)).toEqual(withoutEffects(here).map((entry) => withoutAllows(entry as object)));
			expect(elsewhere.state).toBe(here.state);
			expect(elsewhere.replayed().state).toBe(here.state);
			expect(elsewhere.replayed().due).toBe(here.due);
		}),
		{ numRuns: 300 },
	);
});

test("asked the same again, as after a restart, it says the same", () => {
	const delivery = playElsewhere(manager, {}, options);
	delivery.outcome("im", "unavailable");
	delivery.outcome("email", "rejected");
	const past = delivery.journal.flatMap((entry) => (entry.type === "effect" && entry.effect ? [entry.effect] : []));
	expect(past.map(({ effect }) => effect)).toEqual(["note", "attempt", "ask"]);
	const [noted, tried] = past;
	const context = { message: delivery.message, recipient: delivery.planned.recipient, policy: [], settings: {} };
	const results = { results: [{ mechanism: "im", outcome: "unavailable" } as const] };
	const told = [{ effect: noted }, { effect: tried, result: results }] as never;
	const course = new ConsultedCourse(manager, context);
	expect(course.next(told)).toMatchObject({ effect: "ask" });
	expect(course.next(told)).toMatchObject({ effect: "ask" });
	expect(new ConsultedCourse(manager, context).next(told)).toMatchObject({ effect: "ask" });
});

test("one that now wants something else is found out", () => {
	const context = { message: play(manager, {}, options).message, recipient: never(), policy: [], settings: {} };
	const changed = testManager(function* () {
		yield* attempt(["pager"]);
	});
	const past = [{ effect: { effect: "note", text: "for somebody" } as const }];
	expect(() => new ConsultedCourse(changed, context).next(past)).toThrow(/the journal has .*note.*attempt/);
});

test("a delivery whose manager is not there waits for a person, and then goes on where it stood", () => {
	const asked: unknown[] = [];
	const delivery = playElsewhere(
		testManager(function* () {
			yield* attempt(["im"], { within: 60_000 });
			asked.push("after im");
			yield* attempt(["pager"]);
		}),
		{},
		options,
	);
	delivery.strand("no-such-manager", "it was removed");
	expect(delivery.state).toBe("held");
	delivery.outcome("im", "rejected");
	expect(delivery.state).toBe("held");
	expect(asked).toEqual([]);
	delivery.resolve("resend");
	expect(delivery.last).toMatchObject({ type: "attempt", mechanism: "pager" });
	expect(delivery.replayed().state).toBe("routing");
});

function never(): never {
	return undefined as never;
}
