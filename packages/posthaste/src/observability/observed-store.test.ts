/** A store that is observed is the same store, and what is told of it is so. */
import type { Message } from "@posthaste/core";
import { expect, test } from "vitest";
import type { Store } from "../store/port.ts";
import { MetMessages, observeStore } from "./observed-store.ts";

const message = (id: string, recipients = 1): Message => ({
	...{ id, to: Array.from({ length: recipients }, (_, index) => `user${index}`), from: "mary", body: "x" },
	...{ format: "text", priority: "high", confidential: false, prompts: "ask", properties: {}, acceptedAt: 5 },
});

/** As much of a store as is asked here, with a private member as the real one has. */
class SmallStore {
	readonly #answers = { write: "accepted" as "accepted" | "conflict" };
	readonly commits = 3;
	async write({ accepts }: { readonly accepts: readonly unknown[] }) {
		return { accepts: accepts.map(() => ({ result: this.#answers.write })), appends: [] };
	}
	refuse(): void {
		this.#answers.write = "conflict";
	}
	async loadMessage(): Promise<undefined> {
		throw new Error("gone");
	}
	watch(): () => void {
		return () => undefined;
	}
}

function observed() {
	const told: string[] = [];
	const small = new SmallStore();
	const store = observeStore(small as unknown as Store, {
		ended: (operation, seconds, error) => {
			expect(seconds).toBeGreaterThanOrEqual(0);
			told.push(`${operation}${error === undefined ? "" : ` ${(error as Error).message}`}`);
		},
		met: ({ id }) => told.push(`met ${id}`),
		accepted: ({ id }) => told.push(`accepted ${id}`),
		refused: ({ id }) => told.push(`refused ${id}`),
	});
	return { small, store, told };
}

test("tells of what is accepted, after it is, and of what is not", async () => {
	const { small, store, told } = observed();
	const accept = (id: string) => ({ message: message(id), recipients: ["user0"], claimedUntil: null });
	await store.write({ accepts: [accept("a")], appends: [] });
	small.refuse();
	await store.write({ accepts: [accept("b")], appends: [] });
	expect(told).toEqual(["met a", "write", "accepted a", "met b", "write", "refused b"]);
});

test("errors pass through, and what is no operation is not measured", async () => {
	const { store, told } = observed();
	await expect(store.loadMessage("x")).rejects.toThrow("gone");
	store.watch(() => undefined)();
	expect((store as unknown as SmallStore).commits).toBe(3);
	expect(told).toEqual(["loadMessage gone"]);
});

test("a message is remembered until its last delivery has ended, and the oldest give way", () => {
	const met = new MetMessages(2);
	met.meet(message("a", 2));
	met.ended("a");
	expect(met.get("a")).toMatchObject({ priority: "high", acceptedAt: 5 });
	met.ended("a");
	expect(met.size).toBe(0);
	for (const id of ["b", "c", "d"]) {
		met.meet(message(id));
	}
	expect([met.get("b"), met.get("d")?.open]).toEqual([undefined, 1]);
});
