/** The audit has to see each way in which a run can go wrong. */
import type { MessageDocument } from "@posthaste/core";
import { describe, expect, test } from "vitest";
import { Audit } from "./audit.ts";
import { InForce } from "./in-force.ts";
import type { Arrival } from "./sink.ts";

const at = (milliseconds: number) => new Date(milliseconds).toISOString();
const now = Date.now();
const attempt = "m1.1.a1";

interface Told {
	readonly state?: string;
	readonly note?: string;
	readonly mechanism?: string;
	readonly outcomes?: readonly string[];
}

function message({ state = "reached", note = "1.0.1", mechanism = "line", outcomes = ["accepted"] }: Told = {}) {
	const journal = [
		{ type: "policies", at: at(now) },
		{ type: "note", text: note, at: at(now) },
		...outcomes.flatMap((outcome, index) => [
			{ type: "attempt", attempt, mechanism, try: index + 1, at: at(now + 1) },
			{ type: "outcome", attempt, mechanism, try: index + 1, outcome, at: at(now + 2) },
		]),
	];
	const delivery = {
		id: "m1.1",
		recipient: "reader1",
		state,
		settledAt: at(now + 3),
		manager: { version: "1.0.1" },
		deliveryPolicy: [{ mechanism: "line", kept: true }],
		journal,
	};
	return { id: "m1", acceptedAt: at(now), deliveries: [delivery] } as unknown as MessageDocument;
}

function arrival(changes: Partial<Arrival> = {}): Arrival {
	const usual = { attempt, try: 1, version: "1.0.1", mechanism: "line", box: "reader1/line", door: "a", at: now };
	return { ...usual, isTaken: true, ...changes };
}

function found(looked: readonly MessageDocument[], arrivals: readonly Arrival[], inForce = new InForce()) {
	const sent = { way: "plain", to: ["reader1"], requestedAt: now } as const;
	const audit = new Audit({ accepted: new Map([["m1", sent]]), arrivals, inForce });
	looked.forEach((one) => void audit.look(one));
	audit.end();
	return audit.violations.map(({ rule }) => rule);
}

describe("the audit of a run", () => {
	test("a message that went as it should", () => {
		expect(found([message()], [arrival()])).toEqual([]);
	});

	test.each([
		["lost", "that is not there", [], []],
		["lost", "that has not ended", [message({ state: "waiting" })], [arrival()]],
		["lost", "that was called accepted and did not arrive", [message()], []],
		["not reached", "that could have been reached", [message({ state: "unreached" })], [arrival()]],
		["doubled", "that arrived twice", [message()], [arrival(), arrival({ try: 2 })]],
		["doubled", "that arrived though it was called failed", [message({ outcomes: ["failed"] })], [arrival()]],
		["outside policy", "that nobody made", [message()], [arrival(), arrival({ attempt: "m2.1.a1" })]],
		["outside policy", "for somebody else", [message()], [arrival({ box: "reader2/line" })]],
		["mixed versions", "that changed its manager", [message({ note: "1.0.2" })], [arrival()]],
	] as const)("%s: one %s", (rule, _what, looked, arrivals) => {
		expect(found(looked, arrivals)).toEqual([rule]);
	});

	test("outside policy: one through a mechanism that is not in it", () => {
		const elsewhere = arrival({ mechanism: "closed", box: "reader1/closed" });
		expect(found([message({ mechanism: "closed" })], [elsewhere])).toEqual(["outside policy"]);
	});

	test("one that arrived twice is right when nobody knew what became of the first", () => {
		const twice = [arrival(), arrival({ try: 2 })];
		expect(found([message({ outcomes: ["unknown", "accepted"] })], twice)).toEqual([]);
	});

	test("what is in force is known from the answer of a swap until the next one is asked for", () => {
		const inForce = new InForce();
		inForce.is("mechanism", "1.0.2");
		const later = now + 60_000;
		expect(inForce.during("mechanism", now - 60_000, later)).toBeUndefined();
		expect(inForce.during("mechanism", later, later)).toBe("1.0.2");
		inForce.ends("mechanism");
		expect(inForce.during("mechanism", later, later)).toBeUndefined();
	});

	test("not in force: an attempt by another version than the one in force", () => {
		const always = { during: () => "1.0.2" } as unknown as InForce;
		expect(new Set(found([message()], [arrival()], always))).toEqual(new Set(["not in force"]));
	});
});
