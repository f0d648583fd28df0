/** How callers' operations become transactions, with a commit that the test answers itself. */
import { describe, expect, it } from "vitest";
import { StoreError } from "./errors.ts";
import { GroupCommit } from "./group-commit.ts";
import type { Primitive } from "./operations.ts";

interface Commit {
	readonly operations: readonly Primitive[];
	readonly answer: () => void;
	readonly fail: (error: unknown) => void;
}

function setUp(limits = { operations: 4, primitives: 1000, depth: 1 }) {
	const commits: Commit[] = [];
	const group = new GroupCommit(
		(operations) =>
			new Promise((resolve, reject) => {
				commits.push({ operations, answer: () => resolve(operations.map((one) => `done ${one}`)), fail: reject });
			}),
		limits,
	);
	/** One caller with operations of one primitive each. */
	function submit(...operations: readonly number[]): Promise<readonly unknown[]> {
		return group.submit(
			operations.length,
			(list) => list.push(...operations),
			(results, from) => results.slice(from, from + operations.length),
		);
	}
	return { commits, group, submit, turn: () => new Promise(setImmediate) };
}

describe("group commit", () => {
	it("gathers callers of one turn, and all who come while a commit is under way", async () => {
		const { commits, submit, turn } = setUp();
		const first = [submit(1), submit(2)];
		await turn();
		const second = [submit(3)];
		await turn();
		second.push(submit(4, 5));
		await turn();
		expect(commits.map(({ operations }) => operations)).toEqual([[1, 2]]);
		commits[0]?.answer();
		expect(await Promise.all(first)).toEqual([["done 1"], ["done 2"]]);
		expect(commits.map(({ operations }) => operations)).toEqual([
			[1, 2],
			[3, 4, 5],
		]);
		commits[1]?.answer();
		expect(await Promise.all(second)).toEqual([["done 3"], ["done 4", "done 5"]]);
	});

	it("bounds a transaction, but never divides one caller", async () => {
		const { commits, submit, turn } = setUp();
		const callers = [submit(1, 2, 3), submit(4, 5), submit(6, 7, 8, 9, 10)];
		for (let commit = 0; commit < 3; commit += 1) {
			await turn();
			commits[commit]?.answer();
		}
		await Promise.all(callers);
		expect(commits.map(({ operations }) => operations)).toEqual([
			[1, 2, 3],
			[4, 5],
			[6, 7, 8, 9, 10],
		]);
	});

	it("hands the next one over early only when it is large", async () => {
		const { commits, submit, turn } = setUp({ operations: 1000, primitives: 100_000, depth: 2 });
		const callers = [submit(1)];
		await turn();
		callers.push(submit(2));
		await turn();
		expect(commits).toHaveLength(1);
		callers.push(submit(...Array.from({ length: 300 }, () => 3)));
		await turn();
		expect(commits.map(({ operations }) => operations.length)).toEqual([1, 301]);
		for (const { answer } of commits) {
			answer();
		}
		await Promise.all(callers);
	});

	it("rejects all of a transaction that the disk refused, and goes on", async () => {
		const { commits, submit, turn } = setUp();
		const callers = Promise.allSettled([submit(1), submit(2)]);
		await turn();
		commits[0]?.fail(new StoreError("disk-full", "no room"));
		expect((await callers).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
		const next = submit(3);
		await turn();
		commits[1]?.answer();
		expect(await next).toEqual(["done 3"]);
	});

	it("tries each caller for itself after an error that may be one caller's own", async () => {
		const { commits, submit, turn } = setUp();
		const callers = Promise.allSettled([submit(1), submit(2, 3), submit(4)]);
		await turn();
		commits[0]?.fail(new Error("constraint"));
		await turn();
		expect(commits[1]?.operations).toEqual([1]);
		commits[1]?.answer();
		await turn();
		commits[2]?.fail(new Error("constraint"));
		await turn();
		commits[3]?.answer();
		expect((await callers).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
		expect(commits.map(({ operations }) => operations)).toEqual([[1, 2, 3, 4], [1], [2, 3], [4]]);
	});

	it("forgets a caller whose operations cannot be written down", async () => {
		const { commits, group, submit, turn } = setUp();
		const broken = group.submit(
			2,
			(list) => {
				list.push(1);
				throw new TypeError("no");
			},
			() => undefined,
		);
		const sound = submit(2);
		await expect(broken).rejects.toThrow("no");
		await turn();
		expect(commits.map(({ operations }) => operations)).toEqual([[2]]);
		commits[0]?.answer();
		expect(await sound).toEqual(["done 2"]);
	});

	it("goes on after operations that could not be written down, however many come next", async () => {
		const { commits, group, submit, turn } = setUp();
		const broken = group.submit(
			1,
			() => {
				throw new TypeError("no");
			},
			() => undefined,
		);
		await expect(broken).rejects.toThrow("no");
		await turn();
		await group.drained();
		const more = [submit(1, 2, 3, 4, 5), submit(6)];
		await turn();
		expect(commits.map(({ operations }) => operations)).toEqual([[1, 2, 3, 4, 5]]);
		commits[0]?.answer();
		await turn();
		commits[1]?.answer();
		expect(await Promise.all(more)).toHaveLength(2);
		await group.drained();
	});

	it("is drained when everything was answered", async () => {
		const { commits, group, submit, turn } = setUp();
		await group.drained();
		let drained = false;
		const caller = submit(1);
		const waiting = group.drained().then(() => {
			drained = true;
		});
		await turn();
		expect(drained).toBe(false);
		commits[0]?.answer();
		await Promise.all([caller, waiting]);
	});
});
