/** Retention, opening again, closing. */
import { describe, expect, it } from "vitest";
import type { Open } from "../conformance.ts";
import type { Store } from "../port.ts";
import { accepted, acceptOf, appendAll, appendTo, entries, messageAt, promptOf, settling, start } from "./fixtures.ts";

export function lifeConformance(open: Open): void {
	retentionTests(open);
	reopenTests(open);
	closeTests(open);
}

async function settled(store: Store, acceptedAt: number): Promise<string> {
	const { id } = await accepted(store, { acceptedAt });
	await appendAll(store, settling(`${id}.1`, 1));
	return id;
}

function retentionTests(open: Open): void {
	describe("retention", () => {
		it("forgets what was accepted before the moment and is final in all its deliveries", async () => {
			const { store } = await open();
			const old = await settled(store, start);
			const running = await accepted(store, { acceptedAt: start + 1, to: ["jsmith", "ann"] });
			await appendAll(store, settling(`${running.id}.1`, 1));
			const held = await accepted(store, { acceptedAt: start + 2 });
			await appendAll(store, appendTo(`${held.id}.1`, 1, { state: "held" }));
			const atTheMoment = await settled(store, start + 10);
			expect(await store.retain(start + 10, 100)).toBe(1);
			const left = (await store.listMessages({})).items.map(({ message }) => message.id);
			expect(left).toEqual([atTheMoment, held.id, running.id]);
			expect(await store.loadMessage(old)).toBeUndefined();
			expect(await store.loadDeliveries([`${old}.1`])).toEqual([undefined]);
			expect((await store.countDeliveries()).reached).toBe(2);
		});

		it("takes everything of the message: its key, its prompts, its place in lists", async () => {
			const { store } = await open();
			const idempotency = { key: "key", digest: "a" };
			const { id } = await accepted(store, {}, { idempotency });
			const openPrompt = promptOf(`${id}.1`, 1);
			await appendAll(store, appendTo(`${id}.1`, 1, { openPrompt }), settling(`${id}.1`, 2, { state: "unreached" }));
			expect(await store.retain(start + 1, 10)).toBe(1);
			expect(await store.loadPrompt(openPrompt.id)).toBeUndefined();
			for (const filter of [{ recipient: "jsmith" }, { sender: "monitoring" }, { state: "unreached" as const }]) {
				expect((await store.listMessages(filter)).items).toEqual([]);
			}
			const again = messageAt(start + 5);
			const { accepts } = await store.write({ accepts: [acceptOf(again, { idempotency })], appends: [] });
			expect(accepts).toEqual([{ result: "accepted" }]);
			const [fresh] = await store.loadDeliveries([`${again.id}.1`]);
			expect(fresh?.journal).toEqual([]);
		});

		it("works in steps, passing over what is still under way, until less than the limit goes", async () => {
			const { store } = await open();
			const messages = Array.from({ length: 2500 }, (_, index) => messageAt(start + index));
			await store.write({ accepts: messages.map((message) => acceptOf(message)), appends: [] });
			const done = messages.filter((_, index) => index % 10 !== 0);
			await appendAll(store, ...done.map(({ id }) => settling(`${id}.1`, 1)));
			const steps: number[] = [];
			do {
				steps.push(await store.retain(start + 5000, 1000));
			} while (steps.at(-1) === 1000);
			expect(steps).toEqual([1000, 1000, 250]);
			const counts = await store.countDeliveries();
			expect(counts.routing).toBe(250);
			expect(counts.reached).toBe(0);
		});
	});
}

function reopenTests(open: Open): void {
	describe("opening again", () => {
		it("finds everything that was acknowledged", async () => {
			const { store, reopen } = await open();
			const idempotency = { key: "key", digest: "a" };
			const message = await accepted(store, {}, { idempotency, claimedUntil: start + 100 });
			const openPrompt = promptOf(`${message.id}.1`, 1);
			await appendAll(store, appendTo(`${message.id}.1`, 1, { openPrompt, due: start, claimedUntil: start + 100 }));
			await store.change([{ database: "users", key: "ann", value: null }]);
			await store.pluginSet("im", "key", "value");
			const again = await reopen();
			expect((await again.loadMessage(message.id))?.message).toEqual(message);
			expect((await again.loadDeliveries([`${message.id}.1`]))[0]?.journal).toEqual(entries(1));
			expect(await again.loadPrompt(openPrompt.id)).toEqual(openPrompt);
			expect((await again.readDatabases()).revision).toBe(1);
			expect(await again.pluginGet("im", "key")).toBe("value");
			expect(await again.claimDue(start + 99, 10, 1000)).toEqual([]);
			await again.releaseClaims();
			expect(await again.claimDue(start + 99, 10, 1000)).toHaveLength(1);
			const repeat = await again.write({ accepts: [acceptOf(messageAt(start), { idempotency })], appends: [] });
			expect(repeat.accepts).toEqual([{ result: "repeated", message: message.id }]);
		});

		it("goes on with numbers that nothing else has", async () => {
			const { store, reopen } = await open();
			const first = await accepted(store, { to: ["ann", "bob"] });
			const again = await reopen();
			const second = await accepted(again, { acceptedAt: start + 1, to: ["cy"] });
			const { items } = await again.listMessages({});
			expect(items.map(({ message }) => message.id)).toEqual([second.id, first.id]);
			expect(items.map(({ deliveries }) => deliveries.map(({ recipient }) => recipient))).toEqual([
				["cy"],
				["ann", "bob"],
			]);
		});
	});
}

function closeTests(open: Open): void {
	describe("closing", () => {
		it("finishes what was asked before, and refuses what comes after", async () => {
			const { store, reopen } = await open();
			const message = messageAt(start);
			const writing = store.write({ accepts: [acceptOf(message)], appends: [] });
			const closing = store.close();
			expect((await writing).accepts).toEqual([{ result: "accepted" }]);
			await closing;
			await expect(store.write({ accepts: [acceptOf(messageAt(start))], appends: [] })).rejects.toMatchObject({
				code: "closing",
			});
			await expect(store.loadMessage(message.id)).rejects.toMatchObject({ code: "closing" });
			await expect(store.listMessages({})).rejects.toMatchObject({ code: "closing" });
			await expect(store.close()).resolves.toBeUndefined();
			expect(await (await reopen()).loadMessage(message.id)).toBeDefined();
		});
	});
}
