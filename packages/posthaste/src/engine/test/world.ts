/** A small Posthaste on a virtual clock, over the real store with faults, to look at the engine's edges. */
import { type JournalEntry, parseDuration } from "@posthaste/core";
import { type ScriptedMechanism, scriptedMechanism, VirtualClock } from "@posthaste/core/testing";
import { scratchFolder } from "@posthaste/real-servers";
import { vi } from "vitest";
import { createPosthaste, type PosthasteCore, type PosthasteOptions } from "../../create-posthaste.ts";
import type { Accepted, ConfigurationDocument, DeliveryView } from "../../posthaste.ts";
import { openSqliteStore } from "../../store/sqlite/index.ts";
import { type FaultyStore, faultyStore } from "./faulty-store.ts";

export const noon = Date.UTC(2026, 2, 4, 12);

type Configurations = NonNullable<ConfigurationDocument["managers"]>[string]["configurations"];

/** One sequence for everything, by these configurations. John has IM and a pager, Ann has IM. */
export function configurationWith(configurations: Configurations): ConfigurationDocument {
	return {
		mechanisms: { im: { use: "test-im" }, pager: { use: "test-pager" } },
		managers: { standard: { use: "sequence", configurations } },
		selection: [{ manager: "standard" }],
		users: {
			john: {
				name: "John Smith",
				mechanisms: [
					{ mechanism: "im", address: { to: "john@localhost" } },
					{ mechanism: "pager", address: { to: "5551234" } },
				],
			},
			ann: { name: "Ann Doe", mechanisms: [{ mechanism: "im", address: { to: "ann@localhost" } }] },
		},
	};
}

/** IM, then the pager. */
export const configuration = configurationWith([
	{ name: "read", when: 'message.category == "read"', settings: { steps: [{ attempt: ["im"], until: "read" }] } },
	{ name: "normal", settings: { steps: [{ attempt: ["im"] }, { attempt: ["pager"] }] } },
]);

export interface World {
	readonly posthaste: PosthasteCore;
	readonly faults: FaultyStore;
	readonly clock: VirtualClock;
	readonly im: ScriptedMechanism;
	readonly pager: ScriptedMechanism;
	/** What was logged as a warning or an error. */
	readonly logged: readonly string[];
	/** Sends to John, or as told, and lets everything that follows happen. */
	send(draft?: Partial<Parameters<PosthasteCore["send"]>[0]>): Promise<Accepted>;
	pass(time: string): Promise<void>;
	/** Lets everything that can go on come to rest. */
	settle(): Promise<void>;
	delivery(message: Pick<Accepted, "id">): Promise<DeliveryView>;
	/** The journal's entries, `im accepted` for an outcome and the type for anything else. */
	story(message: Pick<Accepted, "id">): Promise<readonly string[]>;
	/** Starts over the same store, after `close` or `crash` of the Posthaste before. */
	reopen(options?: Partial<PosthasteOptions>): Promise<void>;
	close(): Promise<void>;
}

export async function openWorld(options: Partial<PosthasteOptions> = {}): Promise<World> {
	vi.useFakeTimers({ toFake: ["Date"] });
	const clock = new VirtualClock(noon, (now) => vi.setSystemTime(now));
	const folder = await scratchFolder();
	const im = scriptedMechanism({ id: "test-im", kind: "im", capabilities: { receipts: "read", retraction: true } });
	const pager = scriptedMechanism({ id: "test-pager", kind: "pager" });
	const logged: string[] = [];
	const log = (_fields: object, text: string) => void logged.push(text);
	const open = async (changed: Partial<PosthasteOptions>) => {
		const faults = faultyStore(await openSqliteStore({ folder: folder.path, thread: "inline" }));
		const posthaste = await createPosthaste({
			store: faults.store,
			clock,
			log: { debug() {}, info() {}, warn: log, error: log },
			plugins: [im.plugin, pager.plugin],
			...changed,
		});
		return { faults, posthaste };
	};
	let now = await open({ configuration, ...options });
	const settle = async () => {
		for (let turn = 0, still = 0; turn < 100 && still < 4; turn++) {
			await new Promise((resolve) => setImmediate(resolve));
			still = now.posthaste.isQuiet ? still + 1 : 0;
		}
	};
	await settle();
	const world: World = {
		get posthaste() {
			return now.posthaste;
		},
		get faults() {
			return now.faults;
		},
		clock,
		im,
		pager,
		logged,
		settle,
		async send(draft = {}) {
			const accepted = await now.posthaste.send({ to: ["john"], from: "mary", body: "The build is broken", ...draft });
			await settle();
			return accepted;
		},
		pass: (time) => clock.advance(parseDuration(time) ?? Number.NaN, settle),
		async delivery({ id }) {
			const [found] = (await now.posthaste.messages.get(id))?.deliveries ?? [];
			if (found === undefined) {
				throw new Error(`no delivery of ${id}`);
			}
			return found;
		},
		story: async (message) => (await world.delivery(message)).journal.map(tell),
		async reopen(changed = {}) {
			now = await open({ ...options, ...changed });
			await settle();
		},
		async close() {
			await now.posthaste.close();
			await folder.remove();
			vi.useRealTimers();
		},
	};
	return world;
}

function tell(entry: JournalEntry): string {
	switch (entry.type) {
		case "outcome":
			return `${entry.mechanism} ${entry.outcome}`;
		case "attempt":
			return `attempt ${entry.mechanism}`;
		case "settled":
			return entry.state;
		default:
			return entry.type;
	}
}
