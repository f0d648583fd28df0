/**
 * The world of the scenarios: the whole engine with its store, on a virtual clock, with the design's
 * reference configuration over mechanisms that do what the scenario says.
 */
import { type JournalEntry, parseDuration } from "@posthaste/core";
import { type ScriptedMechanism, scriptedMechanism, VirtualClock } from "@posthaste/core/testing";
import { scratchFolder } from "@posthaste/real-servers";
import { type Accepted, createPosthaste, type MessageView, openSqliteStore, type PosthasteCore } from "posthaste";
import { vi } from "vitest";
import { reference } from "./reference.ts";

/** A Wednesday noon in New York. */
export const noon = Date.parse("2026-03-04T12:00:00-05:00");

export interface World {
	readonly posthaste: PosthasteCore;
	readonly clock: VirtualClock;
	readonly im: ScriptedMechanism;
	readonly email: ScriptedMechanism;
	readonly pager: ScriptedMechanism;
	/** Sends to John, or as told, and lets everything that follows happen. */
	send(draft?: Partial<Parameters<PosthasteCore["send"]>[0]>): Promise<Accepted>;
	/** Lets time pass, everything due on the way happening at its moment. */
	pass(time: string): Promise<void>;
	/** Lets everything that is under way come to rest, without time passing. */
	settle(): Promise<void>;
	/** The only delivery of a message, or the one to a recipient. */
	delivery(message: Accepted, recipient?: string): Promise<MessageView["deliveries"][number]>;
	/** The journal in a few words: `attempt im2`, `outcome im2 unavailable`, `settled unreached`. */
	story(message: Accepted, recipient?: string): Promise<readonly string[]>;
	/** Ends the program at this moment, as kill -9 would, and starts it again over the same store. */
	restart(): Promise<void>;
	/** Starts the program again after it ended. */
	reopen(): Promise<void>;
	close(): Promise<void>;
}

export async function openWorld(options: { readonly at?: number } = {}): Promise<World> {
	vi.useFakeTimers({ toFake: ["Date"] });
	const clock = new VirtualClock(options.at ?? noon, (now) => vi.setSystemTime(now));
	const folder = await scratchFolder();
	const im = scriptedMechanism({
		id: "test-im",
		kind: "im",
		capabilities: { presence: true, receipts: "acknowledged", retraction: true },
	});
	const email = scriptedMechanism({ id: "test-email", kind: "email" });
	const pager = scriptedMechanism({ id: "test-pager", kind: "pager", capabilities: { receipts: "acknowledged" } });
	const open = async () =>
		createPosthaste({
			store: await openSqliteStore({ folder: folder.path, thread: "inline" }),
			clock,
			plugins: [im.plugin, email.plugin, pager.plugin],
		});
	let posthaste = await open();
	await posthaste.configuration.apply(reference);

	const settle = async () => {
		for (let still = 0; still < 4; still = posthaste.isQuiet ? still + 1 : 0) {
			await new Promise((resolve) => setImmediate(resolve));
		}
	};
	await settle();
	const world: World = {
		get posthaste() {
			return posthaste;
		},
		clock,
		im,
		email,
		pager,
		settle,
		async send(draft = {}) {
			const accepted = await posthaste.send({ to: ["jsmith"], from: "mary", body: "The build is broken", ...draft });
			await settle();
			return accepted;
		},
		pass: (time) => clock.advance(parseDuration(time) ?? Number.NaN, settle),
		async delivery(message, recipient) {
			const view = await posthaste.messages.get(message.id);
			const found = view?.deliveries.find((one) => recipient === undefined || one.recipient === recipient);
			if (found === undefined) {
				throw new Error(`no delivery of ${message.id}`);
			}
			return found;
		},
		async story(message, recipient) {
			const { journal } = await world.delivery(message, recipient);
			return journal.flatMap((entry) => tell(entry));
		},
		async restart() {
			await posthaste.crash();
			await world.reopen();
		},
		async reopen() {
			posthaste = await open();
			await settle();
		},
		async close() {
			await posthaste.close();
			await folder.remove();
			vi.useRealTimers();
		},
	};
	return world;
}

function tell(entry: JournalEntry): readonly string[] {
	switch (entry.type) {
		case "began":
		case "policies":
		case "time-passed":
		case "consult":
		case "effect":
			return [];
		case "attempt":
			return [entry.try === 1 ? `attempt ${entry.mechanism}` : `attempt ${entry.mechanism} again`];
		case "outcome":
			return [`${entry.mechanism} ${entry.outcome}`];
		case "receipt":
			return [`${entry.mechanism} ${entry.level}`];
		case "passed-over":
			return [`passed over ${entry.mechanism}: ${entry.reason}`];
		case "prompt":
			return [`asked: ${entry.question}`];
		case "prompt-closed":
			return [`${entry.answer} by ${entry.by}`];
		case "settled":
			return [`${entry.state}: ${entry.reason}`];
		case "gave-up":
		case "postponed":
		case "retry":
		case "retract":
		case "retracted":
			return [`${entry.type} ${entry.mechanism}`];
		default:
			return [entry.type];
	}
}
