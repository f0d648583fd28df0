/** What happens to a message, as it happens; and the calls about deliveries that cannot be carried out. */
import type { ReceiptLevel } from "@posthaste/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openWorld, type World } from "../engine/test/world.ts";
import type { MessageEvent } from "../posthaste.ts";

let world: World;
beforeEach(async () => {
	world = await openWorld();
});
afterEach(() => world.close());

/** Everything that is told until the end, as it comes. */
function collect(heard: AsyncIterable<MessageEvent>) {
	const told = { types: [] as string[], states: [] as string[], ended: false };
	const done = (async () => {
		for await (const { state, entries } of heard) {
			told.states.push(state);
			told.types.push(...entries.map(({ type }) => type));
		}
		told.ended = true;
	})();
	return Object.assign(told, { done });
}

describe("the events of one message", () => {
	test("begin with the call, not with the first read, and end when the delivery does", async () => {
		const message = await world.send({ properties: { category: "read" } });
		const heard = world.posthaste.messages.events(message.id);
		await world.im.receipt("delivered");
		await world.im.receipt("read");
		await world.settle();
		const told = collect(heard);
		await world.settle();
		expect(told).toMatchObject({ types: ["receipt", "receipt", "settled"], ended: true });
		expect(told.states.at(-1)).toBe("reached");
	});

	test("end only when every delivery has ended, and hold nothing of other messages", async () => {
		const message = await world.send({ to: ["john", "ann"], properties: { category: "read" } });
		const told = collect(world.posthaste.messages.events(message.id));
		const other = await world.send();
		await world.im.receipt("read", `${message.id}.1.a1`);
		await world.settle();
		expect(told).toMatchObject({ types: ["receipt", "settled"], ended: false });
		expect(await world.delivery(other)).toMatchObject({ state: "reached" });
		await world.im.receipt("read", `${message.id}.2.a1`);
		await world.settle();
		expect(told).toMatchObject({ types: ["receipt", "settled", "receipt", "settled"], ended: true });
	});

	test("of a message that has ended are none", async () => {
		const told = collect(world.posthaste.messages.events((await world.send()).id));
		await told.done;
		expect(told.types).toEqual([]);
	});

	test("of a message that there is not are an error", async () => {
		await expect(collect(world.posthaste.messages.events("nothing")).done).rejects.toMatchObject({ code: "not-found" });
	});

	test("end with the signal, also one that aborted before", async () => {
		const message = await world.send({ properties: { category: "read" } });
		const stop = new AbortController();
		const told = collect(world.posthaste.messages.events(message.id, stop.signal));
		await world.settle();
		expect(told.ended).toBe(false);
		stop.abort();
		await told.done;
		await collect(world.posthaste.messages.events(message.id, AbortSignal.abort())).done;
	});
});

test("the events of all messages begin with the call and end with the signal", async () => {
	const stop = new AbortController();
	const heard = world.posthaste.events(stop.signal);
	const one = await world.send();
	const two = await world.send({ to: ["ann"] });
	const told: string[] = [];
	const done = (async () => {
		for await (const { message, state } of heard) {
			told.push(`${message === one.id ? "one" : message === two.id ? "two" : "?"} ${state}`);
		}
	})();
	await world.settle();
	expect(told).toEqual(["one routing", "one reached", "two routing", "two reached"]);
	stop.abort();
	await done;
});

describe("what mechanisms report about attempts that nobody made", () => {
	test.each(["", "nonsense", "00000000-0000-7000-8000-000000000000.1.a1", "."])("is dropped: %j", async (attempt) => {
		await world.im.receipt("read", attempt);
		await world.im.reply("thanks", attempt);
		await world.settle();
		expect(world.logged).toContain("a receipt for an unknown attempt was dropped");
		expect(world.posthaste.gauges.resident).toBe(0);
	});

	test("is dropped when it makes no sense, and the mechanism hears of no error", async () => {
		const message = await world.send({ properties: { category: "read" } });
		const before = await world.story(message);
		await world.im.receipt("seen" as ReceiptLevel);
		await world.im.receipt("read", 10n as unknown as string);
		await world.im.reply({ thanks: 10n } as unknown as string);
		await world.pass("5s");
		expect(await world.story(message)).toEqual(before);
		expect(world.logged).toEqual([
			"a receipt that makes no sense was dropped",
			"a receipt that makes no sense was dropped",
			"a reply that makes no sense was dropped",
		]);
	});

	test("leaves no trace in the journal of the delivery that it names, whether it has ended or not", async () => {
		const ended = await world.send();
		const waiting = await world.send({ properties: { category: "read" } });
		const before = [await world.story(ended), await world.story(waiting)];
		for (const { id } of [ended, waiting]) {
			await world.im.receipt("read", `${id}.1.a7`);
			await world.im.reply("thanks", `${id}.1.a7`);
		}
		await world.settle();
		expect([await world.story(ended), await world.story(waiting)]).toEqual(before);
		expect(world.posthaste.gauges.resident).toBe(0);
		await world.im.receipt("read");
		await world.settle();
		expect(await world.delivery(waiting)).toMatchObject({ state: "reached" });
	});

	test("does no harm while the delivery is in memory", async () => {
		let answer: () => void = () => undefined;
		world.im.answers(
			() =>
				new Promise((resolve) => {
					answer = () => resolve({ outcome: "accepted" });
				}),
		);
		const message = await world.send();
		await world.im.receipt("read", `${message.id}.1.a2`);
		answer();
		await world.settle();
		expect(await world.story(message)).toEqual(["began", "policies", "attempt im", "im accepted", "reached"]);
	});
});

test("what a recipient writes back stands in the journal and moves nothing", async () => {
	const message = await world.send({ properties: { category: "read" } });
	await world.im.reply("thanks");
	await world.settle();
	const { state, journal } = await world.delivery(message);
	expect(state).toBe("waiting");
	expect(journal.at(-1)).toMatchObject({ type: "replied", mechanism: "im", body: "thanks" });
});

describe("calls about what there is not", () => {
	test("are refused with the code that says so", async () => {
		const { posthaste } = world;
		await expect(posthaste.messages.cancel("nothing")).rejects.toMatchObject({ code: "not-found" });
		await expect(posthaste.prompts.answer("nothing.1.p1", "yes")).rejects.toMatchObject({ code: "not-found" });
		for (const id of ["nothing.1", "nothing"]) {
			const named = { code: "not-found", message: `there is no delivery ${id}` };
			await expect(posthaste.deliveries.resolve(id, "end")).rejects.toMatchObject(named);
		}
		expect(await posthaste.messages.get("nothing")).toBeUndefined();
		const message = await world.send();
		await expect(posthaste.messages.cancel(message.id)).rejects.toMatchObject({ code: "already-final" });
		await expect(posthaste.deliveries.resolve(`${message.id}.1`, "end")).rejects.toMatchObject({ code: "not-held" });
		await expect(posthaste.deliveries.resolve(`${message.id}.9`, "end")).rejects.toMatchObject({ code: "not-found" });
	});
});
