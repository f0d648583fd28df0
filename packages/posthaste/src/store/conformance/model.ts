/** Properties against a model of a few lines: whatever is written in whatever order, the same stands in the store. */
import type { DeliveryState } from "@posthaste/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Open } from "../conformance.ts";
import type { Accept, AcceptResult, Append, AppendResult, Store, WriteBatch } from "../port.ts";
import { acceptOf, appendTo, entries, messageAt, start } from "./fixtures.ts";

/** What a store keeps of messages, said as simply as can be. */
class Model {
	readonly sequences = new Map<string, number>();
	readonly states = new Map<string, DeliveryState>();
	readonly keys = new Map<string, { readonly digest: string; readonly message: string }>();

	accept({ message, recipients, idempotency }: Accept): AcceptResult {
		const earlier = idempotency && this.keys.get(idempotency.key);
		if (earlier !== undefined) {
			const same = earlier.digest === idempotency?.digest;
			return same ? { result: "repeated", message: earlier.message } : { result: "conflict" };
		}
		if (idempotency !== undefined) {
			this.keys.set(idempotency.key, { digest: idempotency.digest, message: message.id });
		}
		for (const index of recipients.keys()) {
			this.sequences.set(`${message.id}.${index + 1}`, 0);
			this.states.set(`${message.id}.${index + 1}`, "routing");
		}
		return { result: "accepted" };
	}

	append({ delivery, entries: added, state }: Append): AppendResult {
		const sequence = this.sequences.get(delivery);
		if (sequence === undefined || added[0]?.sequence !== sequence + 1) {
			return "fenced";
		}
		this.sequences.set(delivery, sequence + added.length);
		this.states.set(delivery, state);
		return "written";
	}
}

const states: readonly DeliveryState[] = ["routing", "waiting", "held", "reached", "unreached", "expired", "cancelled"];

/** One step of a scenario: a message with a key or without, or an append that guesses a sequence. */
const stepArbitrary = fc.oneof(
	fc.record({
		recipients: fc.integer({ min: 1, max: 3 }),
		key: fc.option(fc.record({ key: fc.constantFrom("k1", "k2"), digest: fc.constantFrom("a", "b") })),
	}),
	fc.record({
		message: fc.nat(5),
		n: fc.integer({ min: 1, max: 3 }),
		guess: fc.constantFrom(-1, 0, 0, 0, 1),
		count: fc.integer({ min: 1, max: 3 }),
		state: fc.constantFrom(...states),
	}),
);
type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** Turns steps into batches while running the model alongside. */
function batchOf(steps: readonly Step[], model: Model, ids: string[]): { batch: WriteBatch; expected: unknown } {
	const accepts: Accept[] = [];
	const appends: Append[] = [];
	const acceptResults: AcceptResult[] = [];
	for (const step of steps) {
		if ("recipients" in step) {
			const message = messageAt(start, { to: ["ann", "bob", "jsmith"].slice(0, step.recipients) });
			const accept = acceptOf(message, step.key === null ? {} : { idempotency: step.key });
			ids.push(message.id);
			accepts.push(accept);
			acceptResults.push(model.accept(accept));
		}
	}
	const appendResults: AppendResult[] = [];
	for (const step of steps) {
		if ("guess" in step && ids.length > 0) {
			const delivery = `${ids[step.message % ids.length]}.${step.n}`;
			const first = Math.max(1, (model.sequences.get(delivery) ?? 0) + 1 + step.guess);
			const append = appendTo(delivery, first, { entries: entries(first, step.count), state: step.state });
			appends.push(append);
			appendResults.push(model.append(append));
		}
	}
	return { batch: { accepts, appends }, expected: { accepts: acceptResults, appends: appendResults } };
}

async function expectAsModel(store: Store, model: Model): Promise<void> {
	const ids = [...model.sequences.keys()];
	const loaded = await store.loadDeliveries(ids);
	expect(loaded.map((delivery) => delivery?.row.sequence)).toEqual([...model.sequences.values()]);
	expect(loaded.map((delivery) => delivery?.row.state)).toEqual([...model.states.values()]);
	expect(loaded.map((delivery) => delivery?.journal)).toEqual([...model.sequences.values()].map((n) => entries(1, n)));
	const counts = Object.fromEntries(
		states.map((state) => [state, [...model.states.values()].filter((one) => one === state).length]),
	);
	expect(await store.countDeliveries()).toEqual(counts);
}

export function modelConformance(open: Open, numRuns: number): void {
	describe("properties", () => {
		it("answers and keeps what the model does, batch after batch", async () => {
			await fc.assert(
				fc.asyncProperty(fc.array(fc.array(stepArbitrary, { maxLength: 8 }), { maxLength: 6 }), async (batches) => {
					const { store, remove } = await open();
					const model = new Model();
					const ids: string[] = [];
					for (const steps of batches) {
						const { batch, expected } = batchOf(steps, model, ids);
						expect(await store.write(batch)).toEqual(expected);
					}
					await expectAsModel(store, model);
					await remove();
				}),
				{ numRuns },
			);
		});

		it("gives each journal one course, however the rivals' calls interleave", async () => {
			await fc.assert(
				fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 6 }), async (rivals) => {
					const { store, remove } = await open();
					const message = messageAt(start);
					const delivery = `${message.id}.1`;
					await store.write({ accepts: [acceptOf(message)], appends: [] });
					const written = await Promise.all(rivals.map((count) => race(store, delivery, count)));
					const [stored] = await store.loadDeliveries([delivery]);
					const total = written.reduce((sum, count) => sum + count, 0);
					expect(stored?.journal.map(({ sequence }) => sequence)).toEqual(
						Array.from({ length: total }, (_, i) => i + 1),
					);
					expect(stored?.row.sequence).toBe(total);
					await remove();
				}),
				{ numRuns },
			);
		});
	});
}

/** Appends `count` entries at a time at what looks like the end, until six calls were made; answers how many went in. */
async function race(store: Store, delivery: string, count: number): Promise<number> {
	let written = 0;
	for (let call = 0; call < 6; call += 1) {
		const [seen] = await store.loadDeliveries([delivery]);
		const first = (seen?.row.sequence ?? 0) + 1;
		const append = appendTo(delivery, first, { entries: entries(first, count) });
		const { appends } = await store.write({ accepts: [], appends: [append] });
		written += appends[0] === "written" ? count : 0;
	}
	return written;
}
