/**
 * The program as the property of interleaving.test.ts drives it: instances come, go and crash over
 * one disk, windows are the real client, and the disk and the engine answer when fast-check's
 * scheduler says.
 */
import type { MechanismInstance, MechanismStorage, Outcome, ReceiptLevel } from "@posthaste/core";
import { type TestHost, testHost } from "@posthaste/core/testing";
import fc from "fast-check";
import { vi } from "vitest";
import { InboxClient } from "./client.ts";
import type { WebAddress, WebSettings } from "./instance.ts";
import { covers } from "./protocol.ts";
import { attemptTo, FakeNetwork, signal, startWorld } from "./test-world.ts";

export const inboxes = ["john", "mary"] as const;
type InboxName = (typeof inboxes)[number];

export const step = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.record({
			do: fc.constant("send" as const),
			inbox: fc.constantFrom(...inboxes),
			expires: fc.boolean(),
		}),
	},
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("resend" as const), which: fc.nat(30) }) },
	{ weight: 4, arbitrary: fc.record({ do: fc.constant("open" as const), inbox: fc.constantFrom(...inboxes) }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("leave" as const), which: fc.nat(5) }) },
	{ weight: 3, arbitrary: fc.record({ do: fc.constant("cut" as const) }) },
	{
		weight: 6,
		arbitrary: fc.record({
			do: fc.constantFrom("received" as const, "acknowledge" as const),
			which: fc.nat(5),
			message: fc.nat(10),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("retract" as const), which: fc.nat(30) }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constantFrom("crash" as const, "replace" as const) }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("time" as const) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer Kind> ? Kind : never;

export interface Sent {
	readonly id: string;
	readonly inbox: InboxName;
	readonly expiresAt: number | undefined;
	/** Whose instance has, or had, the last try. */
	handedTo?: TestHost | undefined;
	/** The last answer; missing while none came. */
	outcome?: Outcome;
	accepted: boolean;
	/** It may or may not be shown from here on. */
	retracting: boolean;
	/** It was taken back after it was accepted. */
	retracted: boolean;
}

/** A page with the client on it, and what a person saw and did there. */
export interface Page {
	readonly client: InboxClient;
	readonly inbox: InboxName;
	readonly shown: string[];
	/** Receipts given on this page, by attempt. */
	readonly given: Map<string, ReceiptLevel>;
	/** Attempts with a receipt that the server has confirmed. */
	readonly confirmed: Set<string>;
	left: boolean;
}

/** Some element, if there are any. */
function pick<Element>(from: readonly Element[], which: number): Element | undefined {
	return from[which % Math.max(1, from.length)];
}

/** The program: instances come and go over one disk. */
export class Program {
	readonly sent: Sent[] = [];
	readonly pages: Page[] = [];
	readonly receipts: { attempt: string; level: ReceiptLevel }[] = [];
	readonly #scheduler: fc.Scheduler;
	readonly #settings: WebSettings;
	readonly #network = new FakeNetwork();
	readonly #disk = new Map<string, string>();
	/** Hosts of crashed runs, which neither write nor answer any more. */
	readonly #dead = new Set<TestHost>();
	readonly #hosts = new Set<TestHost>();
	readonly #instances: MechanismInstance<WebAddress>[] = [];
	#now = Date.UTC(2026, 0, 15, 12);
	#host: TestHost | undefined;
	#instance!: MechanismInstance<WebAddress>;

	constructor(scheduler: fc.Scheduler, settings: WebSettings) {
		this.#scheduler = scheduler;
		this.#settings = settings;
	}

	get now(): number {
		return this.#now;
	}

	async start(): Promise<void> {
		const base = testHost({ now: () => this.#now });
		const host: TestHost = {
			...base,
			storage: this.#storage(base),
			receipt: (receipt) => this.#slow(base, () => this.receipts.push(receipt)).then(() => undefined),
		};
		({ instance: this.#instance } = await startWorld(this.#settings, host));
		this.#instances.push(this.#instance);
		this.#host = base;
		this.#hosts.add(base);
		this.#network.host = host;
	}

	#storage(base: TestHost): MechanismStorage {
		const read = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));
		return {
			get: (key) => this.#slow(base, () => read(this.#disk.get(key))),
			set: (key, value) => this.#slow(base, () => void this.#disk.set(key, JSON.stringify(value))),
			delete: (key) => this.#slow(base, () => void this.#disk.delete(key)),
			list: (prefix) =>
				this.#slow(base, () => {
					const keys = [...this.#disk.keys()].filter((key) => key.startsWith(prefix)).sort();
					return keys.map((key) => ({ key, value: read(this.#disk.get(key)) }));
				}),
		};
	}

	/** Done when the scheduler says, and never once the run has crashed. */
	async #slow<Result>(base: TestHost, job: () => Result): Promise<Result> {
		await this.#scheduler.schedule(Promise.resolve());
		if (this.#dead.has(base)) {
			return new Promise(() => {});
		}
		const result = job();
		await this.#scheduler.schedule(Promise.resolve());
		return this.#dead.has(base) ? new Promise(() => {}) : result;
	}

	async take(step: Step): Promise<void> {
		switch (step.do) {
			case "send":
				this.#send(step.inbox, step.expires);
				break;
			case "resend":
				this.#resend(pick(this.sent, step.which));
				break;
			case "open":
				this.open(step.inbox);
				break;
			case "leave":
				this.#leave(pick(this.pages, step.which));
				break;
			case "cut":
				this.#network.cut();
				break;
			case "received":
			case "acknowledge":
				this.#give(step.do, pick(this.pages, step.which), step.message);
				break;
			case "retract":
				this.#retract(pick(this.sent, step.which));
				break;
			case "crash":
				for (const host of this.#hosts) {
					this.#dead.add(host);
				}
				this.#network.cut();
				await this.start();
				break;
			case "replace": {
				const before = this.#instance;
				await this.start();
				void before.close();
				break;
			}
			case "time":
				this.#now += 1000;
		}
	}

	#send(inbox: InboxName, expires: boolean): void {
		const id = `${inbox}-${this.sent.length}`;
		const sent: Sent = {
			id,
			inbox,
			expiresAt: expires ? this.#now + 1500 : undefined,
			accepted: false,
			retracting: false,
			retracted: false,
		};
		this.sent.push(sent);
		this.#hand(sent);
	}

	/** The engine has one try of an attempt under way at a time; a crash ends them all. */
	#resend(sent: Sent | undefined): void {
		if (sent !== undefined && (sent.outcome !== undefined || this.#dead.has(sent.handedTo as TestHost))) {
			this.#hand(sent);
		}
	}

	#hand(sent: Sent): void {
		delete sent.outcome;
		sent.handedTo = this.#host;
		const attempt = attemptTo(sent.inbox, sent.id, sent.expiresAt === undefined ? {} : { expiresAt: sent.expiresAt });
		void this.#instance.send(attempt, signal()).then(({ outcome }) => {
			sent.outcome = outcome;
			sent.accepted ||= outcome === "accepted";
		});
	}

	#retract(sent: Sent | undefined): void {
		if (sent !== undefined) {
			const { accepted } = sent;
			sent.retracting = true;
			void this.#instance.retract?.({ id: sent.id, address: { inbox: sent.inbox } }, signal()).then(() => {
				sent.retracted ||= accepted;
			});
		}
	}

	open(inbox: InboxName): Page {
		const client = new InboxClient({
			url: "ws://test",
			inbox,
			leastPause: 1,
			longestPause: 1,
			WebSocket: this.#network.WebSocket,
		});
		const page: Page = { client, inbox, shown: [], given: new Map(), confirmed: new Set(), left: false };
		client.onMessage(({ attempt }) => page.shown.push(attempt));
		client.onConfirmed(({ attempt }) => page.confirmed.add(attempt));
		this.pages.push(page);
		return page;
	}

	#leave(page: Page | undefined): void {
		if (page !== undefined) {
			page.left = true;
			page.client.close();
		}
	}

	#give(receipt: "received" | "acknowledge", page: Page | undefined, message: number): void {
		const attempt = pick(page?.shown ?? [], message);
		if (page !== undefined && !page.left && attempt !== undefined) {
			page.client[receipt](attempt);
			const level = receipt === "received" ? "delivered" : "acknowledged";
			if (!covers(page.given.get(attempt), level)) {
				page.given.set(attempt, level);
			}
		}
	}

	/** Everything that is under way ends, and every window connects again. */
	async calm(): Promise<void> {
		for (let round = 0; round < 1000; round += 1) {
			await this.#scheduler.waitIdle();
			await vi.advanceTimersByTimeAsync(2);
			const waits = this.pages.some(
				({ left, client }) => !left && (client.state.state !== "open" || client.unconfirmed > 0),
			);
			if (!waits && this.#scheduler.count() === 0) {
				return;
			}
		}
		throw new Error("the world never came to rest");
	}

	async end(): Promise<void> {
		for (const { client } of this.pages) {
			client.close();
		}
		void Promise.all(this.#instances.map((instance) => instance.close()));
		await this.#scheduler.waitIdle();
	}
}
