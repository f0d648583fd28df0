import { describe, expect, test } from "vitest";
import { Turns } from "./turns.ts";

/** Work that goes on until it is let go. */
function work(log: string[], name: string) {
	const { promise, resolve, reject } = Promise.withResolvers<string>();
	const begin = () => {
		log.push(name);
		return promise;
	};
	return { begin, end: () => resolve(name), fail: () => reject(new Error(name)) };
}

/** Everything that can happen now has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("turns", () => {
	test("as many as may are taken beside one another, and the next as soon as one ends", async () => {
		const log: string[] = [];
		const turns = new Turns(2);
		const [one, two, three] = ["one", "two", "three"].map((name) => work(log, name));
		const all = [one, two, three].map((item) => turns.take(false, item?.begin ?? Promise.reject));
		await settled();
		expect(log).toEqual(["one", "two"]);
		two?.end();
		await settled();
		expect(log).toEqual(["one", "two", "three"]);
		one?.end();
		three?.end();
		expect(await Promise.all(all)).toEqual(["one", "two", "three"]);
	});

	test("one alone waits for all before it, and holds up all behind it", async () => {
		const log: string[] = [];
		const turns = new Turns(8);
		const [one, alone, three] = ["one", "alone", "three"].map((name) => work(log, name));
		const all = Promise.allSettled(
			[one, alone, three].map((item) => turns.take(item === alone, item?.begin ?? Promise.reject)),
		);
		await settled();
		expect(log).toEqual(["one"]);
		one?.end();
		await settled();
		expect(log).toEqual(["one", "alone"]);
		alone?.fail();
		await settled();
		expect(log).toEqual(["one", "alone", "three"]);
		three?.end();
		expect((await all).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
	});
});
