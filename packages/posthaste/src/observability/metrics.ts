/** What Prometheus reads at /metrics: every figure that the program keeps, in one registry. */
import { collectDefaultMetrics, Registry } from "prom-client";
import type { PosthasteCore } from "../create-posthaste.ts";
import type { MessageEvent } from "../posthaste.ts";
import type { Store } from "../store/port.ts";
import { DeliveryMetrics } from "./delivery-metrics.ts";
import { addEventLoopDelay, addGauges, shared } from "./gauges.ts";
import { MetMessages, observeStore } from "./observed-store.ts";
import { ProgramMetrics } from "./program-metrics.ts";
import { StoreMetrics } from "./store-metrics.ts";

export class Metrics {
	readonly registry = new Registry();
	/** Told by the program of what the engine does not know: requests, the configuration file, traces. */
	readonly program: ProgramMetrics;
	readonly #met = new MetMessages();
	readonly #storeMetrics: StoreMetrics;
	readonly #deliveries: DeliveryMetrics;
	readonly #read = shared(() => this.registry.metrics());
	readonly #stops: (() => void)[] = [];
	#store: Store | undefined;
	#posthaste: PosthasteCore | undefined;

	constructor() {
		const { registry } = this;
		this.program = new ProgramMetrics(registry);
		this.#storeMetrics = new StoreMetrics(registry);
		addGauges({
			registry,
			posthaste: () => this.#posthaste,
			store: () => this.#store,
			now: Date.now,
		});
		this.#stops.push(addEventLoopDelay(registry));
		this.#deliveries = new DeliveryMetrics({
			registry,
			met: this.#met,
			load: async (message) => this.#store?.loadMessage(message),
		});
		addDefaults(registry);
	}

	/** The same store, measured. It is the one to give to Posthaste. */
	measure(store: Store): Store {
		const metrics = this.#storeMetrics;
		const met = this.#met;
		this.#store = store;
		return observeStore(store, {
			ended: (operation, seconds, error) => metrics.ended(operation, seconds, error),
			met: (message) => met.meet(message),
			accepted: (message) => metrics.accepted.count(message.priority),
			refused: (message) => met.forget(message.id),
		});
	}

	/** Counts what happened to a delivery. */
	take(event: MessageEvent): void {
		this.#deliveries.take(event);
	}

	/** Looks here for how things stand. */
	watch(posthaste: PosthasteCore): void {
		this.#posthaste = posthaste;
	}

	/** Prometheus text exposition format, version 0.0.4. */
	text(): Promise<string> {
		return this.#read();
	}

	close(): void {
		for (const stop of this.#stops.splice(0)) {
			stop();
		}
	}
}

/** What prom-client has to say of any process. The event loop has figures of ours, which are never "not a number". */
function addDefaults(registry: Registry): void {
	collectDefaultMetrics({ register: registry });
	for (const { name } of registry.getMetricsAsArray()) {
		if (name.startsWith("nodejs_eventloop_lag")) {
			registry.removeSingleMetric(name);
		}
	}
}
