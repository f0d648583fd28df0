/** What deliveries are pinned to, and how many unfinished ones still need it. */
import { describe, expect, it } from "vitest";
import type { Open } from "../conformance.ts";
import { accepted, acceptOf, appendAll, appendTo, messageAt, settling, start } from "./fixtures.ts";

export function pinConformance(open: Open): void {
	describe("pins", () => {
		it("keep what an append gave until another one gives something else, or the delivery ends", async () => {
			const { store, reopen } = await open();
			const delivery = `${(await accepted(store)).id}.1`;
			const pinOf = async () => (await store.loadDeliveries([delivery]))[0]?.row.pin;
			expect(await pinOf()).toBeUndefined();
			await appendAll(store, appendTo(delivery, 1));
			expect(await pinOf()).toBeUndefined();
			await appendAll(store, appendTo(delivery, 2, { pin: "escalate@1.0.0" }), appendTo(delivery, 3, { due: start }));
			expect(await pinOf()).toBe("escalate@1.0.0");
			const [claimed] = await store.claimDue(start, 1, 1000);
			expect(claimed?.pin).toBe("escalate@1.0.0");
			await appendAll(store, appendTo(delivery, 4, { pin: "escalate@1.1.0" }));
			const again = await reopen();
			expect((await again.loadDeliveries([delivery]))[0]?.row.pin).toBe("escalate@1.1.0");
			await appendAll(again, settling(delivery, 5));
			const [ended] = await again.loadDeliveries([delivery]);
			expect(ended?.row.state).toBe("reached");
			expect(Object.hasOwn(ended?.row ?? {}, "pin")).toBe(false);
		});

		it("come with the transaction that accepts the message", async () => {
			const { store } = await open();
			const [pinned, free] = [messageAt(start), messageAt(start)];
			await store.write({
				accepts: [acceptOf(pinned), acceptOf(free)],
				appends: [
					appendTo(`${pinned.id}.1`, 1, { pin: "escalate@1.0.0" }),
					appendTo(`${pinned.id}.1`, 2, { state: "routing" }),
					appendTo(`${free.id}.1`, 1),
				],
			});
			const rows = (await store.listMessages({})).items.flatMap(({ deliveries }) => deliveries);
			expect(rows.map(({ pin }) => pin)).toEqual([undefined, "escalate@1.0.0"]);
			expect(rows.map((row) => Object.hasOwn(row, "pin"))).toEqual([false, true]);
		});

		it("are not set by an append that is fenced", async () => {
			const { store } = await open();
			const delivery = `${(await accepted(store)).id}.1`;
			expect(await appendAll(store, appendTo(delivery, 2, { pin: "escalate@1.0.0" }))).toEqual(["fenced"]);
			expect(await appendAll(store, appendTo(delivery, 1))).toEqual(["written"]);
			expect((await store.loadDeliveries([delivery]))[0]?.row.pin).toBeUndefined();
			expect(await store.countPins()).toEqual([]);
		});

		it("are counted while deliveries are unfinished, held ones included", async () => {
			const { store, reopen } = await open();
			const { id } = await accepted(store, { to: ["a", "b", "c", "d", "e", "f"] });
			await appendAll(
				store,
				appendTo(`${id}.1`, 1, { pin: "rota@2.0.0", state: "held", reason: "unknown-held" }),
				appendTo(`${id}.2`, 1, { pin: "escalate@1.0.0" }),
				appendTo(`${id}.3`, 1, { pin: "rota@2.0.0", state: "routing" }),
				appendTo(`${id}.4`, 1, { pin: "rota@10.0.0" }),
				appendTo(`${id}.5`, 1),
				settling(`${id}.6`, 1, { pin: "done@1.0.0" }),
			);
			expect(await store.countPins()).toEqual([
				{ pin: "escalate@1.0.0", deliveries: 1 },
				{ pin: "rota@10.0.0", deliveries: 1 },
				{ pin: "rota@2.0.0", deliveries: 2 },
			]);
			const ends = ["reached", "unreached", "expired", "cancelled"] as const;
			await appendAll(store, ...ends.map((state, index) => settling(`${id}.${index + 1}`, 2, { state })));
			expect(await (await reopen()).countPins()).toEqual([]);
		});

		it("go with the messages that retention forgets", async () => {
			const { store } = await open();
			const { id } = await accepted(store);
			await appendAll(store, settling(`${id}.1`, 1, { pin: "escalate@1.0.0" }));
			expect(await store.retain(start + 1, 10)).toBe(1);
			const fresh = `${(await accepted(store)).id}.1`;
			expect((await store.loadDeliveries([fresh]))[0]?.row.pin).toBeUndefined();
		});
	});
}
