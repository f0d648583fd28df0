/** A mechanism that is slow or dead: what waits for it costs disk, keeps its truth, and slows nobody else. */
import type { Attempt, SendResult } from "@posthaste/core";
import { afterEach, describe, expect, test } from "vitest";
import type { PosthasteOptions } from "../create-posthaste.ts";
import { configurationWith, openWorld, type World } from "./test/world.ts";

let world: World;
let release: () => void = () => undefined;
afterEach(async () => {
	// Closing would wait for the calls under way.
	release();
	await world.close();
});

/** Four calls at once, four intents ahead of them; one call may take an hour. */
const guard = { concurrency: 4, ahead: 4, callLimit: 3_600_000 };

/** Im alone and for an hour; the pager alone; im for ten seconds and the pager after it. */
const steps = (...list: object[]) => ({ settings: { steps: list } });
const patient = configurationWith([
	{ name: "pager", when: 'message.category == "pager"', ...steps({ attempt: ["pager"] }) },
	{
		name: "both",
		when: 'message.category == "both"',
		...steps({ attempt: ["im"], within: "10s" }, { attempt: ["pager"] }),
	},
	{ name: "im", ...steps({ attempt: ["im"], within: "12h" }) },
]);

async function open(options: Partial<PosthasteOptions> = {}): Promise<void> {
	world = await openWorld({ configuration: patient, guard, ...options });
}

/** A mechanism that answers when it is told to. */
function holding() {
	const calls: { readonly attempt: Attempt; readonly answer: (result: SendResult) => void }[] = [];
	world.im.answers(
		(attempt) => new Promise<SendResult>((answer) => calls.push({ attempt: attempt as Attempt, answer })),
	);
	release = () => {
		world.im.answers({ outcome: "accepted" });
		calls.splice(0).map(({ answer }) => answer({ outcome: "accepted" }));
	};
	return {
		calls,
		/** Every call under way is accepted. */
		async accept() {
			for (const { answer } of calls.splice(0)) {
				answer({ outcome: "accepted" });
			}
			await world.settle();
		},
	};
}

const to = (category: string) => ({ properties: { category } });

async function sendMany(count: number): Promise<readonly string[]> {
	const ids: string[] = [];
	for (let sent = 0; sent < count; sent += 100) {
		const drafts = Array.from({ length: Math.min(100, count - sent) }, () => ({
			to: ["john"],
			from: "mary",
			body: "The build is broken",
		}));
		const accepted = await world.posthaste.sendMany(drafts);
		ids.push(...accepted.map((one) => (one instanceof Error ? one.message : one.id)));
	}
	await world.settle();
	return ids;
}

describe("while a mechanism hangs", () => {
	test("what waits for it is accepted, and is on disk alone", async () => {
		await open();
		const im = holding();
		await sendMany(3000);
		await world.pass("30s");
		expect(im.calls).toHaveLength(4);
		expect(world.posthaste.gauges.resident).toBeLessThanOrEqual(guard.concurrency + guard.ahead);
		expect(world.posthaste.gauges.calls).toBeLessThanOrEqual(guard.concurrency + guard.ahead);
		expect(await world.posthaste.gauges.countDeliveries()).toMatchObject({ routing: 4, waiting: 2996 });
	});

	test("waiting is not written down again and again", async () => {
		await open();
		holding();
		const [first, ...others] = await sendMany(20);
		await world.pass("30s");
		const before = await Promise.all(others.map((id) => world.story({ id })));
		await world.pass("30m");
		expect(await Promise.all(others.map((id) => world.story({ id })))).toEqual(before);
		expect(Math.max(...before.map((story) => story.length))).toBeLessThan(20);
		expect(await world.story({ id: first ?? "" })).toEqual(["began", "policies", "attempt im"]);
	});

	test("a message through another mechanism arrives at once", async () => {
		await open();
		holding();
		await sendMany(500);
		for (let time = 0; time < 5; time++) {
			const { id } = await world.send(to("pager"));
			expect(await world.delivery({ id })).toMatchObject({ state: "reached" });
			await world.pass("1s");
		}
	});

	test("a message that has another way goes it after its time, not after everybody else's", async () => {
		await open();
		holding();
		await sendMany(500);
		await world.pass("30s");
		const message = await world.send(to("both"));
		await world.pass("9s");
		expect(await world.delivery(message)).toMatchObject({ state: "waiting" });
		await world.pass("3s");
		expect(await world.delivery(message)).toMatchObject({ state: "reached", reason: "accepted" });
		expect(await world.story(message)).toContain("pager accepted");
	});

	test("a message that expires in line does so in time, and one that is cancelled is never sent", async () => {
		await open();
		const im = holding();
		await sendMany(50);
		await world.pass("30s");
		const expiring = await world.send({ properties: { expires: "1m" } });
		const cancelled = await world.send();
		await world.pass("30s");
		await world.posthaste.messages.cancel(cancelled.id);
		await world.pass("32s");
		expect(await world.delivery(expiring)).toMatchObject({ state: "expired" });
		expect(await world.delivery(cancelled)).toMatchObject({ state: "cancelled" });
		const sent = new Set<string>();
		for (let round = 0; round < 40; round++) {
			im.calls.map(({ attempt }) => sent.add(attempt.message.id));
			await im.accept();
			await world.pass("1s");
		}
		expect(sent.size).toBe(50);
		expect([...sent]).not.toContain(expiring.id);
		expect([...sent]).not.toContain(cancelled.id);
	});

	test("a crash makes unknown what was being called, and nothing else", async () => {
		await open();
		const im = holding();
		const ids = await sendMany(300);
		await world.pass("30s");
		const called = im.calls.map(({ attempt }) => attempt.message.id);
		await world.posthaste.crash();
		world.im.answers({ outcome: "accepted" });
		await world.reopen();
		await world.pass("5m");
		const stories = await Promise.all(ids.map(async (id) => [id, await world.story({ id })] as const));
		const unknown = stories.filter(([, story]) => story.includes("im unknown")).map(([id]) => id);
		expect(unknown.sort()).toEqual(called.sort());
		expect(stories.every(([, story]) => story.includes("reached"))).toBe(true);
	});

	test("and is switched off, those who wait for it go on without it", async () => {
		await open();
		holding();
		const ids = await sendMany(100);
		await world.pass("30s");
		await world.posthaste.mechanisms.disable("im");
		await world.pass("5s");
		const states = await Promise.all(ids.map(async (id) => (await world.delivery({ id })).state));
		expect(states.filter((state) => state === "unreached")).toHaveLength(96);
	});
});

describe("when a mechanism is slow", () => {
	test("everybody gets their turn, each once, in the order in which they came", async () => {
		await open();
		const im = holding();
		const ids = await sendMany(60);
		await world.pass("30s");
		// The first take the calls; the four that were ahead of them rest for a moment before they stand in line.
		const sent: string[] = [];
		for (let round = 0; round < 40; round++) {
			sent.push(...im.calls.map(({ attempt }) => attempt.message.id));
			await im.accept();
		}
		await world.pass("5m");
		expect([...sent].sort()).toEqual([...ids].sort());
		expect(sent.slice(0, 4)).toEqual(ids.slice(0, 4));
	});

	test("newcomers do not pass by those who wait", async () => {
		await open();
		const im = holding();
		const early = await sendMany(40);
		await world.pass("30s");
		const late = await world.send();
		await world.pass("30s");
		const sent: string[] = [];
		for (let round = 0; round < 40; round++) {
			sent.push(...im.calls.map(({ attempt }) => attempt.message.id));
			await im.accept();
		}
		expect(sent).toHaveLength(41);
		expect(sent.indexOf(late.id)).toBeGreaterThan(early.length - 5);
	});

	test("a freed place goes past those who need it no more, at once", async () => {
		await open();
		const im = holding();
		await sendMany(4);
		await Promise.all(Array.from({ length: 40 }, () => world.send({ properties: { expires: "1m" } })));
		await world.pass("30s");
		const last = await world.send();
		await world.pass("40s");
		expect(world.posthaste.gauges.inLine).toBe(41);
		await im.accept();
		expect(im.calls.map(({ attempt }) => attempt.message.id)).toEqual([last.id]);
		expect(world.posthaste.gauges.inLine).toBe(0);
	});

	test("a freed place is taken at once", async () => {
		await open();
		const im = holding();
		await sendMany(30);
		await world.pass("30s");
		await im.accept();
		expect(im.calls).toHaveLength(4);
	});
});
