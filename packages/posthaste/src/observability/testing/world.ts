/** A whole Posthaste with its metrics, over the real store with faults and scripted mechanisms, for tests. */
import type { DraftProperties, JournalEntry } from "@posthaste/core";
import { type ScriptedMechanism, scriptedMechanism } from "@posthaste/core/testing";
import { scratchFolder } from "@posthaste/real-servers";
import { onTestFinished } from "vitest";
import { createPosthaste, type PosthasteCore, type PosthasteOptions } from "../../create-posthaste.ts";
import { type FaultyStore, faultyStore } from "../../engine/test/faulty-store.ts";
import { configurationWith } from "../../engine/test/world.ts";
import type { Store } from "../../store/port.ts";
import { openSqliteStore } from "../../store/sqlite/index.ts";
import { Metrics } from "../metrics.ts";
import { type Family, parseExposition } from "./exposition.ts";

/** IM, a question, the pager. A message of category `read` wants a receipt; one of category `hold` is held when nobody knows. */
export const configuration = configurationWith([
	{
		name: "read",
		when: 'message.category == "read"',
		settings: { steps: [{ attempt: ["im"], until: "read", within: "1h" }] },
	},
	{
		name: "hold",
		when: 'message.category == "hold"',
		unknown: "hold",
		settings: { steps: [{ attempt: ["im"] }] },
	},
	{
		name: "normal",
		unknown: "next",
		settings: {
			steps: [
				{ attempt: ["im"], within: "1s" },
				{ ask: "Page {recipient.name}?", within: "1h", otherwise: "no" },
				{ attempt: ["pager"], within: "1s" },
			],
		},
	},
]);

export interface ObservedWorld {
	readonly posthaste: PosthasteCore;
	/** The store without its measuring. */
	readonly store: Store;
	readonly faults: FaultyStore;
	readonly metrics: Metrics;
	readonly im: ScriptedMechanism;
	readonly pager: ScriptedMechanism;
	send(draft?: {
		readonly to?: readonly string[];
		readonly properties?: DraftProperties;
		readonly body?: string;
	}): Promise<string>;
	/** The first delivery's journal, once an entry of this type is in it. */
	until(message: string, type: JournalEntry["type"]): Promise<readonly JournalEntry[]>;
	/** What `/metrics` says now. */
	scrape(): Promise<ReadonlyMap<string, Family>>;
	/** One figure of it: the value of the only sample with these labels. */
	figure(name: string, labels?: Readonly<Record<string, string>>): Promise<number | undefined>;
}

/** Closes with the test. */
export async function openObserved(options: Partial<PosthasteOptions> = {}): Promise<ObservedWorld> {
	const folder = await scratchFolder();
	const im = scriptedMechanism({ id: "test-im", kind: "im", capabilities: { receipts: "read" } });
	const pager = scriptedMechanism({ id: "test-pager", kind: "pager" });
	const faults = faultyStore(await openSqliteStore({ folder: folder.path, thread: "inline" }));
	const metrics = new Metrics();
	const posthaste = await createPosthaste({
		store: metrics.measure(faults.store),
		plugins: [im.plugin, pager.plugin],
		configuration,
		observe: (event) => metrics.take(event),
		...options,
	});
	metrics.watch(posthaste);
	onTestFinished(async () => {
		await posthaste.close();
		metrics.close();
		await folder.remove();
	});
	const scrape = async () => parseExposition(await metrics.text());
	return {
		posthaste,
		store: faults.store,
		faults,
		metrics,
		im,
		pager,
		scrape,
		send: async (draft = {}) =>
			(await posthaste.send({ to: ["john"], from: "mary", body: "The build is broken", ...draft })).id,
		until: (message, type) => journalWith(posthaste, message, type),
		async figure(name, labels = {}) {
			const family = [...(await scrape()).values()].find(({ samples }) => samples.some((one) => one.name === name));
			const found = family?.samples.filter(
				(one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
			);
			return found?.length === 1 ? found[0]?.value : undefined;
		},
	};
}

async function journalWith(posthaste: PosthasteCore, message: string, type: JournalEntry["type"]) {
	const stop = new AbortController();
	const events = posthaste.events(stop.signal)[Symbol.asyncIterator]();
	try {
		while (true) {
			const next = events.next();
			const journal = (await posthaste.messages.get(message))?.deliveries[0]?.journal ?? [];
			if (journal.some((entry) => entry.type === type)) {
				return journal;
			}
			await next;
		}
	} finally {
		stop.abort();
	}
}
