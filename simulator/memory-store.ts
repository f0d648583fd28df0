/** The store port over a {@link Disk}: everything happens at once and nothing fails. */
import type { Milliseconds, User } from "@posthaste/core";
import { PosthasteError } from "@posthaste/core";
import type {
	ChangeResult,
	DatabaseChange,
	MessageQuery,
	Page,
	PageQuery,
	PromptRow,
	Store,
	StoredMessage,
	WriteBatch,
	WriteResult,
} from "../packages/posthaste/src/store/port.ts";
import { decodeCursor, encodeCursor, pageLimit } from "../packages/posthaste/src/store/sqlite/cursor.ts";
import type { Disk } from "./disk.ts";

export class MemoryStore implements Store {
	readonly #disk: Disk;
	readonly #listeners = new Set<(revision: number) => void>();
	#closed = false;

	constructor(disk: Disk) {
		this.#disk = disk;
	}

	get #open(): Disk {
		if (this.#closed) {
			throw new PosthasteError("closing", "the store is closed");
		}
		return this.#disk;
	}

	async write(batch: WriteBatch): Promise<WriteResult> {
		return this.#open.write(batch);
	}

	async claimDue(now: Milliseconds, limit: number, lease: Milliseconds) {
		return this.#open.claim(now, limit, lease);
	}

	async renew(deliveries: readonly string[], now: Milliseconds, lease: Milliseconds) {
		this.#open.renew(deliveries, now + lease);
	}

	async releaseClaims() {
		this.#open.release();
	}

	async nextDue() {
		return this.#open.nextDue;
	}

	async loadDeliveries(deliveries: readonly string[]) {
		const disk = this.#open;
		return deliveries.map((id) => disk.delivery(id));
	}

	async loadMessage(message: string) {
		return this.#open.message(message);
	}

	async listMessages(query: MessageQuery): Promise<Page<StoredMessage>> {
		const disk = this.#open;
		const { cursor, recipient, sender, state } = query;
		const limit = pageLimit(query.limit);
		const [before = Number.POSITIVE_INFINITY] =
			cursor === undefined ? [] : decodeCursor("messages", cursor, ["number"]);
		const found = [...disk.messages]
			.filter(([, { number }]) => number < Number(before))
			.filter(([, { deliveries }]) => sender === undefined || deliveries[0]?.row.sender === sender)
			.filter(
				([, { deliveries }]) => recipient === undefined || deliveries.some(({ row }) => row.recipient === recipient),
			)
			.filter(([, { deliveries }]) => state === undefined || deliveries.some(({ row }) => row.state === state))
			.reverse();
		const items = found.slice(0, limit).map(([id]) => disk.message(id) as StoredMessage);
		const last = found[limit - 1]?.[1].number;
		return { items, ...(found.length > limit && last !== undefined && { next: encodeCursor("messages", last) }) };
	}

	async listPrompts(query: PageQuery & { readonly sender?: string; readonly message?: string }) {
		const disk = this.#open;
		const { cursor, sender, message } = query;
		const [at = Number.NEGATIVE_INFINITY, id = ""] =
			cursor === undefined ? [] : decodeCursor("prompts", cursor, ["number", "string"]);
		const found = [...disk.prompts.values()]
			.filter((prompt) => sender === undefined || prompt.sender === sender)
			.filter((prompt) => message === undefined || prompt.message === message)
			.sort((one, other) => one.askedAt - other.askedAt || (one.id < other.id ? -1 : 1))
			.filter((prompt) => prompt.askedAt > Number(at) || (prompt.askedAt === at && prompt.id > id));
		return page(found, query.limit, (prompt) => encodeCursor("prompts", prompt.askedAt, prompt.id));
	}

	async loadPrompt(prompt: string): Promise<PromptRow | undefined> {
		return this.#open.prompts.get(prompt);
	}

	async countDeliveries() {
		return this.#open.count();
	}

	async countPins() {
		return this.#open.countPins();
	}

	async readDatabases(): ReturnType<Store["readDatabases"]> {
		const disk = this.#open;
		const [selection] = disk.all<never>("selection");
		return {
			revision: disk.revision,
			mechanisms: disk.all("mechanisms"),
			managers: disk.all("managers"),
			...(selection !== undefined && { selection }),
		};
	}

	async readUsers(users: readonly string[]) {
		const disk = this.#open;
		return users.map((id) => disk.record(`users/${id}`) as User | undefined);
	}

	async listUsers(query: PageQuery & { readonly managedBy?: "file" | "api" }): Promise<Page<User>> {
		const { cursor, managedBy } = query;
		const [after = ""] = cursor === undefined ? [] : decodeCursor("users", cursor, ["string"]);
		const found = this.#open
			.all<User>("users")
			.filter((user) => managedBy === undefined || user.managedBy.by === managedBy)
			.filter((user) => user.id > after);
		return page(found, query.limit, (user) => encodeCursor("users", user.id));
	}

	async change(changes: readonly DatabaseChange[]): Promise<ChangeResult> {
		const result = this.#open.change(changes);
		if (result.result === "changed" && changes.length > 0) {
			for (const listener of this.#listeners) {
				listener(result.revision);
			}
		}
		return result;
	}

	watch(listener: (revision: number) => void): () => void {
		const own = (revision: number) => listener(revision);
		this.#listeners.add(own);
		return () => this.#listeners.delete(own);
	}

	async pluginGet(mechanism: string, key: string): Promise<unknown> {
		const text = this.#open.plugins.get(place(mechanism, key));
		return text === undefined ? undefined : JSON.parse(text);
	}

	async pluginSet(mechanism: string, key: string, value: unknown): Promise<void> {
		this.#open.plugins.set(place(mechanism, key), JSON.stringify(value ?? null));
	}

	async pluginDelete(mechanism: string, key: string): Promise<void> {
		this.#open.plugins.delete(place(mechanism, key));
	}

	async pluginList(mechanism: string, prefix: string) {
		const disk = this.#open;
		const start = place(mechanism, prefix);
		const keys = [...disk.plugins.keys()].filter((one) => one.startsWith(start)).sort();
		return keys.map((one) => ({
			key: one.slice(place(mechanism, "").length),
			value: JSON.parse(disk.plugins.get(one) ?? "null") as unknown,
		}));
	}

	async retain(before: Milliseconds, limit: number): Promise<number> {
		return this.#open.retain(before, limit);
	}

	async backup(): Promise<never> {
		throw new PosthasteError("invalid-request", "a simulated disk has no file to copy");
	}

	async verify() {}

	async close(): Promise<void> {
		this.#closed = true;
	}
}

function place(mechanism: string, key: string): string {
	return `${mechanism}\u0000${key}`;
}

function page<T>(found: readonly T[], asked: number | undefined, cursorOf: (last: T) => string): Page<T> {
	const limit = pageLimit(asked);
	const items = found.slice(0, limit);
	const last = items.at(-1);
	return { items, ...(found.length > limit && last !== undefined && { next: cursorOf(last) }) };
}
