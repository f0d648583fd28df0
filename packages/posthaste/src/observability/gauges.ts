/** What is looked at when somebody reads the metrics: how things stand. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Milliseconds } from "@posthaste/core";
import { Gauge, type Registry } from "prom-client";
import type { PosthasteCore } from "../create-posthaste.ts";
import type { MechanismView } from "../posthaste.ts";
import type { Store } from "../store/port.ts";

/**
 * Counting deliveries reads an index of all that have not reached anybody: about 0.1 s for each
 * million of them, in the store's reading thread. Whoever reads more often gets the count before.
 */
const countsKept: Milliseconds = 10_000;
/** Milliseconds between two looks at the event loop; Node's figures include it. */
const resolution = 10;
const breakerStates: readonly MechanismView["breaker"][] = ["closed", "half-open", "open"];

export interface GaugeParts {
	readonly registry: Registry;
	/** Missing before it is started. What is not there has no value. */
	readonly posthaste: () => PosthasteCore | undefined;
	readonly store: () => Pick<Store, "nextDue"> | undefined;
	readonly now: () => Milliseconds;
}

export function addGauges(parts: GaugeParts): void {
	addDeliveries(parts);
	addProgress(parts);
	addMechanisms(parts);
}

/** A gauge without a value when it cannot be read: a store that fails must not take the other figures with it. */
function gauge<Label extends string>(
	registry: Registry,
	about: { readonly name: string; readonly help: string; readonly labels?: readonly Label[] },
	read: (gauge: Gauge<Label>) => void | Promise<void>,
): void {
	new Gauge<Label>({
		name: `posthaste_${about.name}`,
		help: about.help,
		labelNames: [...(about.labels ?? [])],
		registers: [registry],
		async collect() {
			this.reset();
			try {
				await read(this);
			} catch {
				this.reset();
				if (about.labels === undefined) {
					this.remove();
				}
			}
		},
	});
}

function addDeliveries({ registry, posthaste, store, now }: GaugeParts): void {
	const counts = kept(countsKept, async () => posthaste()?.gauges.countDeliveries());
	gauge(
		registry,
		{ name: "deliveries", help: "Deliveries kept, by state; those waiting for a person are `held`", labels: ["state"] },
		async (made) => {
			for (const [state, count] of Object.entries((await counts()) ?? {})) {
				made.set({ state }, count);
			}
		},
	);
	gauge(
		registry,
		{ name: "due_lag_seconds", help: "How long the delivery that is due first has been due; 0 when none is late" },
		async (made) => {
			const due = await store()?.nextDue();
			made.set(due === null || due === undefined ? 0 : Math.max(0, now() - due) / 1000);
		},
	);
}

function addProgress({ registry, posthaste }: GaugeParts): void {
	const plain = (name: string, help: string, value: (of: PosthasteCore["gauges"]) => number) =>
		gauge(registry, { name, help }, (made) => made.set(value(posthaste()?.gauges ?? nothing)));
	plain("resident_deliveries", "Deliveries kept in memory", ({ resident }) => resident);
	plain(
		"deliveries_in_line",
		"Deliveries in the lines of mechanisms that have as many calls as they may have; one that ended leaves with its turn",
		({ inLine }) => inLine,
	);
	plain("mechanism_calls", "Calls of mechanisms under way", ({ calls }) => calls);
	plain("pending_writes", "Items that wait to be on disk", ({ pendingWrites }) => pendingWrites);
	plain(
		"write_delay_seconds",
		"How long what is handed in now will wait until it is on disk, as far as can be told",
		({ writeDelay }) => writeDelay / 1000,
	);
}

const nothing = { resident: 0, inLine: 0, calls: 0, pendingWrites: 0, writeDelay: 0 } as PosthasteCore["gauges"];

function addMechanisms({ registry, posthaste }: GaugeParts): void {
	const all = shared(async () => listMechanisms(posthaste()));
	const labels = ["mechanism"] as const;
	gauge(
		registry,
		{ name: "mechanism_active", help: "Whether a mechanism can be used now", labels: ["mechanism", "kind"] },
		async (made) => {
			for (const { name, kind = "", active } of await all()) {
				made.set({ mechanism: name, kind }, active ? 1 : 0);
			}
		},
	);
	gauge(
		registry,
		{
			name: "mechanism_breaker_state",
			help: "The state of a mechanism's circuit breaker: 1 for the one it is in",
			labels: ["mechanism", "state"],
		},
		async (made) => {
			for (const { name, breaker } of await all()) {
				for (const state of breakerStates) {
					made.set({ mechanism: name, state }, breaker === state ? 1 : 0);
				}
			}
		},
	);
	gauge(
		registry,
		{ name: "mechanism_in_flight", help: "Calls of a mechanism that are made or wait for a place", labels },
		async (made) => {
			for (const { name, inFlight } of await all()) {
				made.set({ mechanism: name }, inFlight);
			}
		},
	);
}

async function listMechanisms(posthaste: PosthasteCore | undefined): Promise<readonly MechanismView[]> {
	const found: MechanismView[] = [];
	let cursor: string | undefined;
	do {
		const page = await posthaste?.mechanisms.list({ limit: 1000, ...(cursor !== undefined && { cursor }) });
		found.push(...(page?.items ?? []));
		cursor = page?.next;
	} while (cursor !== undefined);
	return found;
}

/** One call for all who ask before it has answered. */
export function shared<Result>(read: () => Promise<Result>): () => Promise<Result> {
	let underWay: Promise<Result> | undefined;
	return () => {
		underWay ??= read().finally(() => {
			underWay = undefined;
		});
		return underWay;
	};
}

/** The last answer again, for as long as it is young enough. A failure is not kept. */
function kept<Result>(age: Milliseconds, read: () => Promise<Result>): () => Promise<Result> {
	let last: { readonly at: number; readonly answer: Promise<Result> } | undefined;
	return () => {
		if (last === undefined || performance.now() - last.at > age) {
			const answer = read();
			last = { at: performance.now(), answer };
			answer.catch(() => {
				last = undefined;
			});
		}
		return last.answer;
	};
}

/** Event loop delay since the metrics were read before. Returns how to stop. */
export function addEventLoopDelay(registry: Registry): () => void {
	const delay = monitorEventLoopDelay({ resolution });
	delay.enable();
	const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolution / 1000);
	const seen = shared(async () => {
		const { count, max } = delay;
		const read =
			count === 0
				? { p50: 0, p99: 0, max: 0 }
				: { p50: seconds(delay.percentile(50)), p99: seconds(delay.percentile(99)), max: seconds(max) };
		delay.reset();
		return read;
	});
	const words = { p50: "median", p99: "99th percentile", max: "longest" } as const;
	for (const [figure, word] of Object.entries(words) as [keyof typeof words, string][]) {
		gauge(
			registry,
			{
				name: `event_loop_delay_${figure}_seconds`,
				help: `How late the event loop was since the metrics were read before: ${word}`,
			},
			async (made) => made.set((await seen())[figure]),
		);
	}
	return () => delay.disable();
}
