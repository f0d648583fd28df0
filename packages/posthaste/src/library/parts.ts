/** What the library's methods work with, and what several of them share. */
import { type Decision, type Input, PosthasteError } from "@posthaste/core";
import type { Databases } from "../databases/databases.ts";
import type { Clock } from "../engine/clock.ts";
import type { Engine } from "../engine/engine.ts";
import type { Events } from "../engine/events.ts";
import type { Intake } from "../engine/intake.ts";
import type { Retention } from "../engine/retention.ts";
import { viewsOf } from "../engine/views.ts";
import type { Writer } from "../engine/writer.ts";
import type { RunningMechanisms } from "../host/mechanisms.ts";
import type { Plugins } from "../host/plugins.ts";
import type { WebSockets } from "../host/web-sockets.ts";
import type { InstalledPlugins } from "../plugins/installed.ts";
import type { MessageView } from "../posthaste.ts";
import type { Store } from "../store/port.ts";
import type { Inbound } from "./inbound.ts";

export interface Parts {
	readonly store: Store;
	readonly clock: Clock;
	readonly plugins: Plugins;
	readonly installed: InstalledPlugins;
	/** Where `${env:NAME}` is read. */
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly databases: Databases;
	readonly mechanisms: RunningMechanisms;
	readonly inbound: Inbound;
	readonly webSockets: WebSockets;
	readonly writer: Writer;
	readonly events: Events;
	readonly engine: Engine;
	readonly intake: Intake;
	readonly retention: Retention;
}

export function notFound(what: string): never {
	throw new PosthasteError("not-found", `there is no ${what}`);
}

export async function messageView({ store }: Parts, id: string): Promise<MessageView | undefined> {
	const stored = await store.loadMessage(id);
	return stored === undefined ? undefined : (await viewsOf(store, [stored]))[0];
}

/** @throws PosthasteError `not-found` */
export async function existingMessage(parts: Parts, id: string): Promise<MessageView> {
	return (await messageView(parts, id)) ?? notFound(`message ${id}`);
}

/** Hands an input to a delivery and waits until it is on disk. Answers what was decided. */
export function feed({ engine }: Parts, delivery: string, input: Input): Promise<readonly Decision[]> {
	return new Promise((resolve, reject) => {
		engine.feed(delivery, input, (error, decisions) => (error ? reject(error) : resolve(decisions)));
	});
}

/** A delivery's identifier begins with its message's, a question's and an attempt's with their delivery's. */
export function ownerOf(id: string): string {
	return id.slice(0, Math.max(0, id.lastIndexOf(".")));
}

/** A person, for an entry that says who did something. */
export function by(who: string | undefined): { readonly who?: string } {
	return who === undefined ? {} : { who };
}
