/** Accepting messages, idempotency, and appends with their fence. */
import { describe, expect, it } from "vitest";
import type { Open } from "../conformance.ts";
import { accepted, acceptOf, appendAll, appendTo, entries, messageAt, settling, start } from "./fixtures.ts";

export function writeConformance(open: Open): void {
	acceptTests(open);
	idempotencyTests(open);
	appendTests(open);
	fenceTests(open);
}

function acceptTests(open: Open): void {
	describe("accepting", () => {
		it("keeps the message as it was and begins a delivery for each recipient", async () => {
			const { store } = await open();
			const message = await accepted(store, {
				to: ["jsmith", "ann", "bob"],
				subject: "Störung",
				expiresAt: start + 60_000,
				properties: { nested: { list: [1, null, "two"] } },
			});
			const stored = await store.loadMessage(message.id);
			expect(stored?.message).toEqual(message);
			expect(stored?.deliveries).toEqual(
				["jsmith", "ann", "bob"].map((recipient, index) => ({
					id: `${message.id}.${index + 1}`,
					message: message.id,
					recipient,
					sender: "monitoring",
					state: "routing",
					due: start,
					sequence: 0,
					acceptedAt: start,
				})),
			);
		});

		it("answers in the order given, accepts and appends of one batch alike", async () => {
			const { store } = await open();
			const [one, two] = [messageAt(start), messageAt(start)];
			const result = await store.write({
				accepts: [acceptOf(one), acceptOf(two)],
				appends: [appendTo(`${two.id}.1`, 1), appendTo(`${one.id}.1`, 2)],
			});
			expect(result).toEqual({
				accepts: [{ result: "accepted" }, { result: "accepted" }],
				appends: ["written", "fenced"],
			});
		});

		it("answers an empty batch", async () => {
			const { store } = await open();
			expect(await store.write({ accepts: [], appends: [] })).toEqual({ accepts: [], appends: [] });
		});

		it("knows nothing of identifiers it never gave", async () => {
			const { store } = await open();
			const message = await accepted(store);
			await accepted(store);
			const strange = ["", "nonsense", messageAt(start).id, `${message.id}.1`];
			expect(await Promise.all(strange.map((id) => store.loadMessage(id)))).toEqual(strange.map(() => undefined));
			const deliveries = ["", message.id, `${message.id}.`, `${message.id}.0`, `${message.id}.2`, `${message.id}.1.5`];
			const beyond = [`${message.id}.65537`, `${message.id}.-1`, `${message.id}.1e0`, `${message.id}. 1`];
			const asked = [...deliveries, ...beyond];
			expect(await store.loadDeliveries(asked)).toEqual(asked.map(() => undefined));
		});

		it("takes a body of the largest size", async () => {
			const { store } = await open();
			const message = await accepted(store, { body: "ä".repeat(128 * 1024) });
			expect((await store.loadMessage(message.id))?.message.body).toBe(message.body);
		});
	});
}

function idempotencyTests(open: Open): void {
	describe("an idempotency key", () => {
		const key = (digest: string) => ({ idempotency: { key: "key-1", digest } });

		it("brings the first message again for the same request, and a conflict for another", async () => {
			const { store } = await open();
			const first = await accepted(store, {}, key("a"));
			const [same, other] = [messageAt(start), messageAt(start)];
			const { accepts } = await store.write({
				accepts: [acceptOf(same, key("a")), acceptOf(other, key("b"))],
				appends: [],
			});
			expect(accepts).toEqual([{ result: "repeated", message: first.id }, { result: "conflict" }]);
			expect(await store.loadMessage(same.id)).toBeUndefined();
			expect(await store.loadMessage(other.id)).toBeUndefined();
		});

		it("counts within one batch, and a clash leaves the others alone", async () => {
			const { store } = await open();
			const [first, same, other, free] = [1, 2, 3, 4].map(() => messageAt(start)) as [never, never, never, never];
			const { accepts } = await store.write({
				accepts: [acceptOf(first, key("a")), acceptOf(same, key("a")), acceptOf(other, key("b")), acceptOf(free)],
				appends: [],
			});
			expect(accepts).toEqual([
				{ result: "accepted" },
				{ result: "repeated", message: (first as { id: string }).id },
				{ result: "conflict" },
				{ result: "accepted" },
			]);
			expect(await store.loadMessage((free as { id: string }).id)).toBeDefined();
		});

		it("lets one of many concurrent requests through", async () => {
			const { store } = await open();
			const messages = Array.from({ length: 20 }, () => messageAt(start));
			const results = await Promise.all(
				messages.map((message) => store.write({ accepts: [acceptOf(message, key("a"))], appends: [] })),
			);
			const outcomes = results.map(({ accepts }) => accepts[0]);
			const winner = messages[outcomes.findIndex((outcome) => outcome?.result === "accepted")];
			expect(outcomes.filter((outcome) => outcome?.result === "accepted")).toHaveLength(1);
			expect(outcomes.filter((outcome) => outcome?.result === "repeated")).toEqual(
				Array.from({ length: 19 }, () => ({ result: "repeated", message: winner?.id })),
			);
		});
	});
}

function appendTests(open: Open): void {
	describe("appending", () => {
		it("keeps the entries in order and moves the row on", async () => {
			const { store } = await open();
			const message = await accepted(store);
			const delivery = `${message.id}.1`;
			const first = appendTo(delivery, 1, { entries: entries(1, 3), state: "routing", due: start + 30_000 });
			const last = settling(delivery, 4, { entries: entries(4, 2) });
			expect(await appendAll(store, first)).toEqual(["written"]);
			expect((await store.loadDeliveries([delivery]))[0]?.row).toMatchObject({ sequence: 3, due: start + 30_000 });
			expect(await appendAll(store, last)).toEqual(["written"]);
			const [stored] = await store.loadDeliveries([delivery]);
			expect(stored).toEqual({
				row: {
					id: delivery,
					message: message.id,
					recipient: "jsmith",
					sender: "monitoring",
					state: "reached",
					reason: "accepted",
					due: null,
					sequence: 5,
					acceptedAt: start,
					settledAt: start + 1000,
				},
				message,
				journal: entries(1, 5),
			});
		});

		it("forgets a reason and an end that no longer hold", async () => {
			const { store } = await open();
			const delivery = `${(await accepted(store)).id}.1`;
			const held = appendTo(delivery, 1, { state: "held", reason: "unknown-held" });
			await appendAll(store, held);
			const others = [appendTo(delivery, 2, { state: "held" }), settling(delivery, 3), appendTo(delivery, 4)];
			for (const append of others) {
				await appendAll(store, append);
				const [stored] = await store.loadDeliveries([delivery]);
				expect(stored?.row.state).toBe(append.state);
				expect(stored?.row.reason).toBe(append.reason);
				expect(stored?.row.settledAt).toBe(append.settledAt);
			}
		});

		it("loads many deliveries in the order asked, gaps included", async () => {
			const { store } = await open();
			const messages = Array.from({ length: 100 }, () => messageAt(start));
			await store.write({ accepts: messages.map((message) => acceptOf(message)), appends: [] });
			const ids = messages.flatMap(({ id }) => [`${id}.1`, `${id}.9`]).reverse();
			const loaded = await store.loadDeliveries(ids);
			expect(loaded.map((delivery) => delivery?.row.id)).toEqual(ids.map((id) => (id.endsWith(".9") ? undefined : id)));
		});

		it("refuses entries that are no sequence, and writes nothing of that call", async () => {
			const { store } = await open();
			const delivery = `${(await accepted(store)).id}.1`;
			const message = messageAt(start);
			const gap = appendTo(delivery, 1, { entries: [...entries(1), ...entries(3)] });
			const calls = await Promise.allSettled([
				store.write({ accepts: [acceptOf(message)], appends: [gap] }),
				store.write({ accepts: [], appends: [appendTo(delivery, 1, { entries: [] })] }),
				store.write({ accepts: [], appends: [appendTo(delivery, 1)] }),
			]);
			expect(calls.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
			expect(await store.loadMessage(message.id)).toBeUndefined();
			expect((await store.loadDeliveries([delivery]))[0]?.journal).toEqual(entries(1));
		});
	});
}

function fenceTests(open: Open): void {
	describe("the fence", () => {
		it("lets one append of each sequence through, in one batch and in concurrent ones", async () => {
			const { store } = await open();
			const delivery = `${(await accepted(store)).id}.1`;
			expect(await appendAll(store, appendTo(delivery, 1), appendTo(delivery, 1))).toEqual(["written", "fenced"]);
			const rivals = await Promise.all(Array.from({ length: 20 }, () => appendAll(store, settling(delivery, 2))));
			expect(rivals.flat().filter((result) => result === "written")).toHaveLength(1);
			expect((await store.loadDeliveries([delivery]))[0]?.journal).toEqual(entries(1, 2));
		});

		it("lets no append through that leaves a gap, comes late or belongs to nothing", async () => {
			const { store } = await open();
			const delivery = `${(await accepted(store)).id}.1`;
			await appendAll(store, appendTo(delivery, 1, { entries: entries(1, 2) }));
			const stray = [appendTo(delivery, 1), appendTo(delivery, 2), appendTo(delivery, 4)];
			const foreign = [appendTo(`${messageAt(start).id}.1`, 1), appendTo(delivery.replace(/1$/, "2"), 1)];
			expect(await appendAll(store, ...stray, ...foreign)).toEqual(Array.from({ length: 5 }, () => "fenced"));
			const [stored] = await store.loadDeliveries([delivery]);
			expect(stored?.row.sequence).toBe(2);
			expect(stored?.journal).toEqual(entries(1, 2));
		});
	});
}
