/** Questions to senders: opened and closed with appends. */
import { describe, expect, it } from "vitest";
import type { Open } from "../conformance.ts";
import type { Store } from "../port.ts";
import { accepted, allPages, appendAll, appendTo, promptOf } from "./fixtures.ts";

/** Messages of the given senders, each with one open question, asked in this order. */
async function asking(store: Store, ...senders: readonly string[]): Promise<readonly string[]> {
	const prompts: string[] = [];
	for (const [index, from] of senders.entries()) {
		const delivery = `${(await accepted(store, { from })).id}.1`;
		const openPrompt = promptOf(delivery, index + 1, { sender: from });
		await appendAll(store, appendTo(delivery, 1, { openPrompt }));
		prompts.push(openPrompt.id);
	}
	return prompts;
}

export function promptConformance(open: Open): void {
	describe("prompts", () => {
		it("are open from the append that asks to the one that closes", async () => {
			const { store } = await open();
			const delivery = `${(await accepted(store)).id}.1`;
			const openPrompt = promptOf(delivery, 1);
			await appendAll(store, appendTo(delivery, 1, { openPrompt }));
			expect(await store.loadPrompt(openPrompt.id)).toEqual(openPrompt);
			expect(await store.listPrompts({})).toEqual({ items: [openPrompt] });
			await appendAll(store, appendTo(delivery, 2, { closePrompt: openPrompt.id }));
			expect(await store.loadPrompt(openPrompt.id)).toBeUndefined();
			expect(await store.listPrompts({})).toEqual({ items: [] });
		});

		it("neither open nor close with an append that was fenced", async () => {
			const { store } = await open();
			const delivery = `${(await accepted(store)).id}.1`;
			const openPrompt = promptOf(delivery, 1);
			await appendAll(store, appendTo(delivery, 1, { openPrompt }));
			const late = appendTo(delivery, 1, { closePrompt: openPrompt.id, openPrompt: promptOf(delivery, 2) });
			expect(await appendAll(store, late)).toEqual(["fenced"]);
			expect(await store.listPrompts({})).toEqual({ items: [openPrompt] });
		});

		it("can follow one another in one append", async () => {
			const { store } = await open();
			const delivery = `${(await accepted(store)).id}.1`;
			const [first, second] = [promptOf(delivery, 1), promptOf(delivery, 2)];
			await appendAll(store, appendTo(delivery, 1, { openPrompt: first }));
			await appendAll(store, appendTo(delivery, 2, { closePrompt: first.id, openPrompt: second }));
			expect(await store.listPrompts({})).toEqual({ items: [second] });
		});

		it("are listed oldest first, page by page, by sender and by message", async () => {
			const { store } = await open();
			const prompts = await asking(store, "a", "b", "a", "a", "b");
			const list = (query: object) =>
				allPages((cursor) => store.listPrompts({ limit: 2, ...query, ...(cursor !== undefined && { cursor }) }));
			expect((await list({})).map(({ id }) => id)).toEqual(prompts);
			expect((await list({ sender: "a" })).map(({ id }) => id)).toEqual([prompts[0], prompts[2], prompts[3]]);
			const message = prompts[4]?.slice(0, 36) as string;
			expect((await list({ message })).map(({ id }) => id)).toEqual([prompts[4]]);
			expect(await list({ message, sender: "a" })).toEqual([]);
		});
	});
}
