/** What Prometheus reads at /metrics. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { PosthasteCore } from "./create-posthaste.ts";

export interface Metrics {
	/** Prometheus text exposition format. */
	text(): Promise<string>;
	close(): void;
}

export function startMetrics(posthaste: PosthasteCore): Metrics {
	const registry = new Registry();
	collectDefaultMetrics({ register: registry });
	const delay = monitorEventLoopDelay({ resolution: 10 });
	delay.enable();
	const gauge = (name: string, help: string, value: () => number | Promise<number>) =>
		new Gauge({
			name: `posthaste_${name}`,
			help,
			registers: [registry],
			async collect() {
				this.set(await value());
			},
		});
	new Gauge({
		name: "posthaste_deliveries",
		help: "Deliveries kept, by state",
		labelNames: ["state"],
		registers: [registry],
		async collect() {
			for (const [state, count] of Object.entries(await posthaste.gauges.countDeliveries())) {
				this.set({ state }, count);
			}
		},
	});
	gauge("resident_deliveries", "Deliveries held in memory", () => posthaste.gauges.resident);
	gauge("mechanism_calls", "Calls of mechanisms under way", () => posthaste.gauges.calls);
	gauge("pending_writes", "Items not yet on disk", () => posthaste.gauges.pendingWrites);
	gauge(
		"event_loop_delay_p99_seconds",
		"Event loop delay, 99th percentile since the start",
		() => delay.percentile(99) / 1e9,
	);
	addMechanisms(registry, posthaste);
	const stopCounting = countEvents(registry, posthaste);
	return {
		text: () => registry.metrics(),
		close() {
			stopCounting();
			delay.disable();
		},
	};
}

function addMechanisms(registry: Registry, posthaste: PosthasteCore): void {
	new Gauge({
		name: "posthaste_mechanism_active",
		help: "Whether a mechanism can be used now",
		labelNames: ["mechanism", "kind"],
		registers: [registry],
		async collect() {
			this.reset();
			for (const { name, kind = "", active } of (await posthaste.mechanisms.list({ limit: 1000 })).items) {
				this.set({ mechanism: name, kind }, active ? 1 : 0);
			}
		},
	});
}

/** Counts what the journals say, as it is written. */
function countEvents(registry: Registry, posthaste: PosthasteCore): () => void {
	const outcomes = new Counter({
		name: "posthaste_outcomes_total",
		help: "Outcomes of attempts",
		labelNames: ["mechanism", "outcome"],
		registers: [registry],
	});
	const settled = new Counter({
		name: "posthaste_settled_total",
		help: "Deliveries that came to their end",
		labelNames: ["state", "reason"],
		registers: [registry],
	});
	return posthaste.observe(({ entries }) => {
		for (const entry of entries) {
			if (entry.type === "outcome") {
				outcomes.inc({ mechanism: entry.mechanism, outcome: entry.outcome });
			} else if (entry.type === "settled") {
				settled.inc({ state: entry.state, reason: entry.reason });
			}
		}
	});
}
