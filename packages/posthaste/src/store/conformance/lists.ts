/** Lists of messages: complete, stable, filtered. */
import { type DeliveryState, type Message, PosthasteError } from "@posthaste/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Open } from "../conformance.ts";
import type { MessageQuery, Store } from "../port.ts";
import { accepted, acceptOf, allPages, appendAll, messageAt, settling, start } from "./fixtures.ts";

type Filter = Omit<MessageQuery, "cursor">;

async function listed(store: Store, filter: Filter, between?: () => Promise<void>): Promise<readonly string[]> {
	const pages = await allPages(
		(cursor) => store.listMessages({ ...filter, ...(cursor !== undefined && { cursor }) }),
		between,
	);
	return pages.map(({ message }) => message.id);
}

/** Messages a millisecond apart, newest last. */
async function acceptedMany(store: Store, messages: readonly Partial<Message>[]): Promise<readonly Message[]> {
	const made = messages.map((fields, index) => messageAt(start + index, fields));
	await store.write({ accepts: made.map((message) => acceptOf(message)), appends: [] });
	return made;
}

export function listConformance(open: Open, numRuns: number): void {
	pageTests(open, numRuns);
	filterTests(open, numRuns);
}

function pageTests(open: Open, numRuns: number): void {
	describe("a list of messages", () => {
		it("shows the newest first, with their deliveries", async () => {
			const { store } = await open();
			const messages = await acceptedMany(store, [{}, { to: ["jsmith", "ann"] }, {}]);
			const { items, next } = await store.listMessages({});
			expect(items.map(({ message }) => message)).toEqual([...messages].reverse());
			expect(items[1]?.deliveries.map(({ recipient }) => recipient)).toEqual(["jsmith", "ann"]);
			expect(next).toBeUndefined();
		});

		it("names a message once, however many of its deliveries pass the filter", async () => {
			const { store } = await open();
			const messages = await acceptedMany(store, [{ to: ["ann", "bob", "cy"] }, { to: ["ann", "bob"] }]);
			expect(await listed(store, { state: "routing", limit: 1 })).toEqual([messages[1]?.id, messages[0]?.id]);
			expect(await listed(store, { state: "routing" })).toEqual([messages[1]?.id, messages[0]?.id]);
		});

		it("holds 50 when no limit is named, and says when it ends", async () => {
			const { store } = await open();
			await acceptedMany(
				store,
				Array.from({ length: 51 }, () => ({})),
			);
			const first = await store.listMessages({});
			expect(first.items).toHaveLength(50);
			const rest = await store.listMessages({ cursor: first.next as string });
			expect(rest.items).toHaveLength(1);
			expect(rest).not.toHaveProperty("next");
			expect(await store.listMessages({ limit: 51 })).not.toHaveProperty("next");
		});

		it("refuses limits and cursors that are none", async () => {
			const { store } = await open();
			await accepted(store);
			for (const limit of [0, -1, 1001, 1.5, Number.NaN]) {
				await expect(store.listMessages({ limit })).rejects.toMatchObject({ code: "invalid-request" });
			}
			const foreign = (await pageOfUsers(store)).next as string;
			for (const cursor of ["", "nonsense", "W10", foreign]) {
				await expect(store.listMessages({ cursor })).rejects.toMatchObject({ code: "invalid-cursor" });
			}
			await expect(store.listMessages({ cursor: "x" })).rejects.toBeInstanceOf(PosthasteError);
		});

		it("walks over all there was, each once, while more comes in", async () => {
			await fc.assert(
				fc.asyncProperty(fc.nat(40), fc.integer({ min: 1, max: 12 }), fc.nat(3), async (size, limit, more) => {
					const { store, remove } = await open();
					const before = await acceptedMany(
						store,
						Array.from({ length: size }, () => ({})),
					);
					const seen = await listed(store, { limit }, async () => {
						for (let added = 0; added < more; added += 1) {
							await accepted(store, { acceptedAt: start + 1000 });
						}
					});
					expect(seen).toEqual(before.map(({ id }) => id).reverse());
					await remove();
				}),
				{ numRuns },
			);
		});
	});
}

async function pageOfUsers(store: Store) {
	const user = { name: "", timezone: "UTC", mechanisms: [], managedBy: { by: "api" as const }, revision: 0 };
	await store.change([
		{ database: "users", key: "a", value: { id: "a", ...user } },
		{ database: "users", key: "b", value: { id: "b", ...user } },
	]);
	return store.listUsers({ limit: 1 });
}

const people = ["ann", "bob", "cy"] as const;
const states = ["routing", "reached", "unreached", "held"] as const;
const messageArbitrary = fc.record({
	from: fc.constantFrom("x", "y"),
	to: fc.subarray([...people], { minLength: 1 }),
	states: fc.array(fc.constantFrom(...states), { minLength: 3, maxLength: 3 }),
});
/** Each part is there in about half of the filters, so that every combination comes up. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const filterArbitrary: fc.Arbitrary<Filter> = fc
	.tuple(
		maybe(fc.constantFrom(...people)),
		maybe(fc.constantFrom("x", "y")),
		maybe(fc.constantFrom<DeliveryState>(...states, "waiting")),
		fc.integer({ min: 1, max: 5 }),
	)
	.map(([recipient, sender, state, limit]) => ({
		limit,
		...(recipient !== undefined && { recipient }),
		...(sender !== undefined && { sender }),
		...(state !== undefined && { state }),
	}));

interface Sample {
	readonly from: string;
	readonly to: readonly string[];
	readonly states: readonly DeliveryState[];
}

function passes({ recipient, sender, state }: Filter, { from, to, states: own }: Sample): boolean {
	return (
		(recipient === undefined || to.includes(recipient)) &&
		(sender === undefined || from === sender) &&
		(state === undefined || own.slice(0, to.length).includes(state))
	);
}

function filterTests(open: Open, numRuns: number): void {
	describe("filters", () => {
		it("pass exactly the messages that fit, in order, alone and together", async () => {
			await fc.assert(
				fc.asyncProperty(
					fc.array(messageArbitrary, { maxLength: 15 }),
					fc.array(filterArbitrary, { minLength: 1, maxLength: 6 }),
					async (samples, filters) => {
						const { store, remove } = await open();
						const messages = await acceptedMany(
							store,
							samples.map(({ from, to }) => ({ from, to })),
						);
						const appends = samples.flatMap((sample, index) =>
							sample.to.flatMap((_, n) => {
								const state = sample.states[n] as DeliveryState;
								return state === "routing" ? [] : [settling(`${messages[index]?.id}.${n + 1}`, 1, { state })];
							}),
						);
						await appendAll(store, ...appends);
						for (const filter of filters) {
							const expected = messages.filter((_, index) => passes(filter, samples[index] as Sample));
							expect(await listed(store, filter)).toEqual(expected.map(({ id }) => id).reverse());
						}
						await remove();
					},
				),
				{ numRuns },
			);
		});
	});
}
