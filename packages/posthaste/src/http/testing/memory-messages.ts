/** Messages in memory, for tests of the API: idempotency, journals that a test writes, and events. */
import { randomUUID } from "node:crypto";
import {
	compose,
	type DeliveryState,
	type Draft,
	isFinal,
	type JournalEntry,
	PosthasteError,
	type Resolution,
	type SettleReason,
} from "@posthaste/core";
import type { Accepted, DeliveryView, MessageEvent, MessageView, Posthaste } from "../../posthaste.ts";
import type { MessageQuery, Page, PromptRow } from "../../store/port.ts";
import { type MemoryDatabases, pageOf, refuse } from "./memory-databases.ts";

/** A moment that tests can write down. */
export const noon = Date.parse("2026-03-01T12:00:00.000Z");

type Listener = (event: MessageEvent) => void;

export class MemoryMessages {
	readonly #databases: MemoryDatabases;
	readonly #views = new Map<string, MessageView>();
	readonly #byKey = new Map<string, { readonly request: string; readonly accepted: Accepted }>();
	readonly #listeners = new Set<Listener>();
	readonly prompts = new Map<string, PromptRow>();

	constructor(databases: MemoryDatabases) {
		this.#databases = databases;
	}

	get listeners(): number {
		return this.#listeners.size;
	}

	async send(draft: Draft, { idempotencyKey: key }: { readonly idempotencyKey?: string } = {}): Promise<Accepted> {
		const request = JSON.stringify(draft);
		const earlier = key === undefined ? undefined : this.#byKey.get(key);
		if (earlier !== undefined && earlier.request !== request) {
			throw new PosthasteError("idempotency-conflict", `The key ${key} was used for another message`);
		}
		if (earlier !== undefined) {
			return { ...earlier.accepted, repeated: true };
		}
		const accepted = this.#accept(draft);
		if (key !== undefined) {
			this.#byKey.set(key, { request, accepted });
		}
		return accepted;
	}

	#accept(draft: Draft): Accepted {
		const { message } = compose(draft, { id: randomUUID(), now: noon });
		this.#checkNames(draft);
		const { id, acceptedAt } = message;
		const deliveries = message.to.map((recipient, index): DeliveryView => {
			const row = { id: `${id}.${index + 1}`, message: id, recipient, sender: message.from, acceptedAt };
			return { ...row, state: "routing", due: noon, sequence: 0, journal: [] };
		});
		this.#views.set(id, { message, deliveries });
		return {
			id,
			acceptedAt,
			deliveries: deliveries.map((each) => ({ id: each.id, recipient: each.recipient })),
			repeated: false,
		};
	}

	#checkNames({ to, manager }: Draft): void {
		const { users, managers, selection } = this.#databases;
		const stranger = to.find((user) => !users.records.has(user));
		if (stranger !== undefined) {
			refuse("unknown-recipient", "to", stranger);
		}
		if (manager !== undefined && !managers.records.has(manager)) {
			refuse("unknown-manager", "manager", manager);
		}
		if (manager === undefined && selection.rules.length === 0) {
			refuse("no-manager", "manager", "no rule takes it");
		}
		const chosen = managers.records.get(manager ?? selection.rules[0]?.manager ?? "");
		if (chosen?.configurations.every(({ when }) => when === "false")) {
			refuse("no-configuration", "manager", chosen.name);
		}
	}

	async get(id: string): Promise<MessageView | undefined> {
		return this.#views.get(id);
	}

	async list({ recipient, sender, state, ...query }: MessageQuery = {}): Promise<Page<MessageView>> {
		const found = [...this.#views.values()].filter(
			({ message, deliveries }) =>
				(recipient === undefined || message.to.includes(recipient)) &&
				(sender === undefined || message.from === sender) &&
				(state === undefined || deliveries.some((each) => each.state === state)),
		);
		return pageOf(found.reverse(), query);
	}

	/** What a test lets happen to a delivery: entries, numbered and dated here, and its state after them. */
	advance(
		deliveryId: string,
		entries: readonly (Record<string, unknown> & { readonly type: string })[],
		state: DeliveryState,
		options: { readonly reason?: SettleReason; readonly silently?: boolean } = {},
	): void {
		const [id = ""] = deliveryId.split(".");
		const view = this.#views.get(id);
		const before = view?.deliveries.find((each) => each.id === deliveryId);
		if (view === undefined || before === undefined) {
			throw new PosthasteError("not-found", `There is no delivery ${deliveryId}`);
		}
		const numbered = entries.map((entry, index) => {
			const sequence = before.sequence + index + 1;
			return { at: noon + sequence * 1000, ...entry, sequence } as JournalEntry;
		});
		const settled = isFinal(state) ? { settledAt: noon, due: null } : {};
		const reason = options.reason === undefined ? {} : { reason: options.reason };
		const journal = [...before.journal, ...numbered];
		const after = { ...before, ...settled, ...reason, state, journal, sequence: before.sequence + entries.length };
		const deliveries = view.deliveries.map((each) => (each === before ? after : each));
		this.#views.set(id, { ...view, deliveries });
		if (options.silently !== true) {
			this.#tell({ message: id, delivery: deliveryId, state, ...reason, entries: numbered });
		}
	}

	#tell(event: MessageEvent): void {
		for (const listener of this.#listeners) {
			listener(event);
		}
	}

	/** Events from the first `next()` on; of one message, they end with its last delivery. */
	async *events(id: string | undefined, signal?: AbortSignal): AsyncGenerator<MessageEvent, void> {
		const waiting: MessageEvent[] = [];
		let wake = () => {};
		const listener = (event: MessageEvent) => {
			if (id === undefined || event.message === id) {
				waiting.push(event);
				wake();
			}
		};
		this.#listeners.add(listener);
		signal?.addEventListener("abort", () => wake(), { once: true });
		try {
			while (signal?.aborted !== true) {
				yield* waiting.splice(0);
				if (id !== undefined && this.#isOver(id)) {
					return;
				}
				await new Promise<void>((resolve) => {
					wake = resolve;
					if (waiting.length > 0 || signal?.aborted) {
						resolve();
					}
				});
			}
		} finally {
			this.#listeners.delete(listener);
		}
	}

	#isOver(id: string): boolean {
		return this.#views.get(id)?.deliveries.every(({ state }) => isFinal(state)) ?? true;
	}

	async cancel(id: string): Promise<MessageView> {
		const view = this.#views.get(id);
		if (view === undefined) {
			throw new PosthasteError("not-found", `There is no message ${id}`);
		}
		if (this.#isOver(id)) {
			throw new PosthasteError("already-final", `${id} has come to its end`);
		}
		for (const delivery of view.deliveries) {
			this.advance(delivery.id, [{ type: "cancelled" }], "cancelled", { reason: "cancelled" });
		}
		return this.#views.get(id) ?? view;
	}

	async answer(id: string, answer: "yes" | "no"): Promise<void> {
		const row = this.prompts.get(id);
		if (row === undefined) {
			throw new PosthasteError("already-answered", `${id} is not open`);
		}
		this.prompts.delete(id);
		this.advance(row.delivery, [{ type: "answered", prompt: id, answer }], "waiting");
	}

	async resolve(id: string, resolution: Resolution): Promise<DeliveryView> {
		const [message = ""] = id.split(".");
		const find = () => this.#views.get(message)?.deliveries.find((each) => each.id === id);
		const before = find();
		if (before === undefined) {
			throw new PosthasteError("not-found", `There is no delivery ${id}`);
		}
		if (before.state !== "held") {
			throw new PosthasteError("not-held", `${id} is ${before.state}`);
		}
		this.advance(id, [{ type: "resolved", resolution }], resolution === "end" ? "unreached" : "routing");
		return find() ?? before;
	}
}

/** The parts of the interface that messages make up. */
export function messageParts(messages: MemoryMessages): Pick<Posthaste, "send" | "sendMany" | "messages" | "events"> {
	return {
		send: (draft, options) => messages.send(draft, options),
		sendMany: (drafts) => Promise.all(drafts.map((draft) => messages.send(draft).catch((error: Error) => error))),
		messages: {
			get: (id) => messages.get(id),
			list: (query) => messages.list(query),
			events: (id, signal) => messages.events(id, signal),
			cancel: (id) => messages.cancel(id),
		},
		events: (signal) => messages.events(undefined, signal),
	};
}
