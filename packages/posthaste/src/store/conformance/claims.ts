/** What is due, and who has it. */
import { describe, expect, it } from "vitest";
import type { Open } from "../conformance.ts";
import type { Store } from "../port.ts";
import { accepted, appendAll, appendTo, settling, start } from "./fixtures.ts";

const lease = 10_000;

/** Deliveries due at the given moments, by their identifiers. */
async function dueAt(store: Store, ...moments: readonly number[]): Promise<readonly string[]> {
	const ids: string[] = [];
	for (const due of moments) {
		const delivery = `${(await accepted(store)).id}.1`;
		await appendAll(store, appendTo(delivery, 1, { due }));
		ids.push(delivery);
	}
	return ids;
}

async function claimed(store: Store, now: number, limit = 100): Promise<readonly string[]> {
	return (await store.claimDue(now, limit, lease)).map(({ id }) => id);
}

export function claimConformance(open: Open): void {
	dueTests(open);
	leaseTests(open);
}

function dueTests(open: Open): void {
	describe("what is due", () => {
		it("is an accepted delivery, at once, with its whole row", async () => {
			const { store } = await open();
			const { id } = await accepted(store, { to: ["jsmith", "ann"] });
			const rows = await store.claimDue(start, 10, lease);
			const message = await store.loadMessage(id);
			expect([...rows].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(message?.deliveries);
		});

		it("comes soonest first, no more than asked for and none before its time", async () => {
			const { store } = await open();
			const [late, soon, middle, never] = await dueAt(store, start + 30, start + 10, start + 20, start + 41);
			expect(await claimed(store, start + 9)).toEqual([]);
			expect(await claimed(store, start + 40, 2)).toEqual([soon, middle]);
			expect(await claimed(store, start + 40, 2)).toEqual([late]);
			expect(await claimed(store, start + 40)).toEqual([]);
			expect(await claimed(store, start + 41)).toEqual([never]);
		});

		it("is never a delivery that is final, held, or waits for no time", async () => {
			const { store } = await open();
			for (const state of ["reached", "held", "waiting"] as const) {
				await appendAll(store, appendTo(`${(await accepted(store)).id}.1`, 1, { state, due: null }));
			}
			expect(await claimed(store, Number.MAX_SAFE_INTEGER)).toEqual([]);
			expect(await store.nextDue()).toBeNull();
		});

		it("is announced by the soonest moment of what nobody has claimed", async () => {
			const { store } = await open();
			expect(await store.nextDue()).toBeNull();
			await dueAt(store, start + 30, start + 10);
			expect(await store.nextDue()).toBe(start + 10);
			await claimed(store, start + 10);
			expect(await store.nextDue()).toBe(start + 30);
			await claimed(store, start + 30);
			expect(await store.nextDue()).toBeNull();
		});

		it("may be asked by fractions of a millisecond", async () => {
			const { store } = await open();
			const [delivery] = await dueAt(store, start + 10.5);
			expect(await claimed(store, start + 10.25)).toEqual([]);
			expect(await store.nextDue()).toBe(start + 10.5);
			expect(await claimed(store, start + 10.5)).toEqual([delivery]);
		});
	});
}

function leaseTests(open: Open): void {
	describe("a claim", () => {
		it("hides the delivery until its lease has passed", async () => {
			const { store } = await open();
			const [delivery] = await dueAt(store, start);
			expect(await claimed(store, start)).toEqual([delivery]);
			expect(await claimed(store, start + lease - 1)).toEqual([]);
			expect(await claimed(store, start + lease)).toEqual([delivery]);
		});

		it("lasts longer when it is renewed", async () => {
			const { store } = await open();
			const [delivery] = (await dueAt(store, start)) as [string];
			await claimed(store, start);
			await store.renew([delivery, "nonsense"], start + 5000, lease);
			expect(await claimed(store, start + lease)).toEqual([]);
			expect(await claimed(store, start + 5000 + lease)).toEqual([delivery]);
		});

		it("is not made by renewing", async () => {
			const { store } = await open();
			const [delivery] = (await dueAt(store, start)) as [string];
			await store.renew([delivery], start, lease);
			expect(await claimed(store, start)).toEqual([delivery]);
		});

		it("can be made with the accept", async () => {
			const { store } = await open();
			const { id } = await accepted(store, {}, { claimedUntil: start + lease });
			expect(await store.nextDue()).toBeNull();
			expect(await claimed(store, start + lease - 1)).toEqual([]);
			expect(await claimed(store, start + lease)).toEqual([`${id}.1`]);
		});

		it("is let go or kept as the next append says", async () => {
			const { store } = await open();
			const [delivery] = (await dueAt(store, start)) as [string];
			await claimed(store, start);
			await appendAll(store, appendTo(delivery, 2, { due: start + 1, claimedUntil: start + 500 }));
			expect(await claimed(store, start + 499)).toEqual([]);
			expect(await claimed(store, start + 500)).toEqual([delivery]);
			await appendAll(store, appendTo(delivery, 3, { due: start + 501 }));
			expect(await store.nextDue()).toBe(start + 501);
			expect(await claimed(store, start + 501)).toEqual([delivery]);
		});

		it("that has lapsed leaves the delivery waiting for its time", async () => {
			const { store } = await open();
			const [delivery] = (await dueAt(store, start)) as [string];
			await appendAll(store, appendTo(delivery, 2, { due: start + 2 * lease, claimedUntil: start + lease }));
			expect(await claimed(store, start + lease)).toEqual([]);
			expect(await claimed(store, start + 2 * lease)).toEqual([delivery]);
		});

		it("survives an append that was fenced", async () => {
			const { store } = await open();
			const [delivery] = (await dueAt(store, start)) as [string];
			await claimed(store, start);
			expect(await appendAll(store, settling(delivery, 1))).toEqual(["fenced"]);
			expect(await claimed(store, start + lease - 1)).toEqual([]);
		});

		it("is forgotten with all others when they are released", async () => {
			const { store } = await open();
			const deliveries = await dueAt(store, start, start + 1, start + 2);
			await claimed(store, start + 2);
			await store.releaseClaims();
			expect(await claimed(store, start + 2)).toEqual(deliveries);
		});

		it("is held by one of many who ask at once", async () => {
			const { store } = await open();
			const deliveries = await dueAt(store, ...Array.from({ length: 30 }, (_, index) => start + index));
			const shares = await Promise.all(Array.from({ length: 8 }, () => claimed(store, start + 100, 7)));
			expect(shares.flat().sort()).toEqual([...deliveries].sort());
		});
	});
}
