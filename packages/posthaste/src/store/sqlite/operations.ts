/**
 * Operations as one flat list of primitives: what a thread can be handed at the least cost, since a
 * clone of nested objects costs several times the transaction's own share. An operation is its code
 * followed by its fields; the writer reads them in the same order.
 */
import type { DeliveryState } from "@posthaste/core";
import type { Accept, Append } from "../port.ts";
import { deliveriesPerMessage, deliveryKey, isUuid } from "./ids.ts";

export type Primitive = string | number | null;

export const code = {
	accept: 0,
	append: 1,
	claim: 2,
	renew: 3,
	release: 4,
	change: 5,
	pluginSet: 6,
	pluginDelete: 7,
	retain: 8,
} as const;

/** `reached` is 0, the only state that no index holds; the number of a state must never change. */
const stateNumbers: Readonly<Record<DeliveryState, number>> = {
	reached: 0,
	routing: 1,
	waiting: 2,
	held: 3,
	unreached: 4,
	expired: 5,
	cancelled: 6,
};
/** By number. */
export const states = Object.keys(stateNumbers) as readonly DeliveryState[];

export function stateNumber(state: DeliveryState): number {
	return stateNumbers[state];
}

/** Whether a delivery in the state with this number has ended. */
export function isEnd(state: number): boolean {
	return state === stateNumbers.reached || state >= stateNumbers.unreached;
}

/** Appends an accept to the list. @throws TypeError when it is not one. */
export function encodeAccept(list: Primitive[], { message, recipients, claimedUntil, idempotency }: Accept): void {
	if (!isUuid(message.id)) {
		throw new TypeError(`a message's identifier is a UUID, not ${message.id}`);
	}
	if (recipients.length === 0 || recipients.length >= deliveriesPerMessage) {
		throw new TypeError(
			`message ${message.id} has ${recipients.length} recipients, not 1 to ${deliveriesPerMessage - 1}`,
		);
	}
	list.push(code.accept, message.id, message.acceptedAt, message.from, JSON.stringify(message));
	list.push(idempotency?.key ?? null, idempotency?.digest ?? null, claimedUntil, recipients.length);
	for (const recipient of recipients) {
		list.push(recipient);
	}
}

/** Appends an append to the list. @throws TypeError when its entries are not consecutive, or there are none. */
export function encodeAppend(list: Primitive[], append: Append): void {
	const first = append.entries[0];
	if (deliveryKey(append.delivery) === undefined) {
		throw new TypeError(`a delivery's identifier is MESSAGE.N, not ${append.delivery}`);
	}
	if (first === undefined) {
		throw new TypeError(`an append to ${append.delivery} has no entries`);
	}
	const { length } = append.entries;
	for (let index = 1; index < length; index += 1) {
		if (append.entries[index]?.sequence !== first.sequence + index) {
			throw new TypeError(`an append to ${append.delivery} has entries that are not consecutive`);
		}
	}
	list.push(code.append, append.delivery, first.sequence, length, JSON.stringify(append.entries));
	list.push(stateNumbers[append.state], append.reason ?? null, append.due);
	list.push(append.claimedUntil, append.settledAt ?? null, append.pin ?? null);
	const { openPrompt, closePrompt } = append;
	list.push(closePrompt ?? null, openPrompt?.id ?? null);
	if (openPrompt !== undefined) {
		list.push(openPrompt.sender, openPrompt.askedAt, JSON.stringify(openPrompt));
	}
}

/** Reads such a list from its start. */
export class OperationReader {
	readonly #list: readonly Primitive[];
	#at = 0;

	constructor(list: readonly Primitive[]) {
		this.#list = list;
	}

	get done(): boolean {
		return this.#at >= this.#list.length;
	}

	text(): string {
		return this.#list[this.#at++] as string;
	}

	number(): number {
		return this.#list[this.#at++] as number;
	}

	optionalText(): string | null {
		return this.#list[this.#at++] as string | null;
	}

	optionalNumber(): number | null {
		return this.#list[this.#at++] as number | null;
	}

	skip(count: number): void {
		this.#at += count;
	}
}
