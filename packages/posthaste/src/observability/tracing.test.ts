/** What a real collector receives over OTLP/HTTP, and that deliveries do not care whether it does. */

import { scriptedMechanism } from "@posthaste/core/testing";
import { scratchFolder } from "@posthaste/real-servers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createPosthaste } from "../create-posthaste.ts";
import type { MessageEvent } from "../posthaste.ts";
import { openSqliteStore } from "../store/sqlite/index.ts";
import { startCollector } from "./testing/collector.ts";
import { configuration, openObserved } from "./testing/world.ts";
import { startTracing, type TracingOptions } from "./tracing.ts";

const log = { debug() {}, info() {}, warn: vi.fn(), error() {} };
const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

type World = Pick<Awaited<ReturnType<typeof openObserved>>, "posthaste" | "store">;

async function traced(world: World, options: Partial<TracingOptions> = {}) {
	const { posthaste, store } = world;
	const tracing = await startTracing({ posthaste, store, log, env: {}, delay: 10, ...options });
	if (tracing === undefined) {
		throw new Error("no tracing");
	}
	onTestFinished(() => tracing.close());
	return tracing;
}

const nanoseconds = (at: number | undefined) => `${at}000000`;

describe("a message's trace", () => {
	test("has its identifier, a span of its delivery and one for each attempt", async () => {
		const collector = await startCollector();
		const world = await openObserved();
		await traced(world, { otlpEndpoint: `${collector.url}/` });
		world.im.answers({ outcome: "unavailable", evidence: "offline" });
		const message = await world.send();
		await world.until(message, "prompt");
		const [prompt] = (await world.posthaste.prompts.list()).items;
		await world.posthaste.prompts.answer(prompt?.id ?? "", "yes", "mary");
		const journal = await world.until(message, "settled");

		const spans = await collector.received(3);
		const root = spans.find(({ name }) => name === "deliver");
		expect(spans.map(({ traceId }) => traceId)).toEqual(Array(3).fill(message.replaceAll("-", "")));
		expect(root?.parentSpanId ?? "").toBe("");
		expect(root?.attributes).toEqual({
			"posthaste.message.id": message,
			"posthaste.delivery.id": `${message}.1`,
			"posthaste.priority": "normal",
			"posthaste.manager": "standard",
			"posthaste.manager.plugin": expect.stringMatching(/^sequence@\d/),
			"posthaste.configuration": "normal",
			"posthaste.attempts": expect.toSatisfy((count) => Number(count) === 2),
			"posthaste.state": "reached",
			"posthaste.reason": "accepted",
			"posthaste.mechanism": "pager",
		});
		const view = await world.posthaste.messages.get(message);
		expect(root?.startTimeUnixNano).toBe(nanoseconds(view?.message.acceptedAt));
		expect(root?.endTimeUnixNano).toBe(nanoseconds(journal.find(({ type }) => type === "settled")?.at));
		expect(root?.events.map(({ name }) => name)).toEqual(["prompt", "prompt-closed"]);
		expect(root?.events[1]?.attributes).toMatchObject({ "posthaste.answer": "yes", "posthaste.by": "sender" });

		const attempts = spans.filter(({ name }) => name.startsWith("attempt "));
		expect(attempts.map(({ name, attributes }) => [name, attributes["posthaste.outcome"]])).toEqual([
			["attempt im", "unavailable"],
			["attempt pager", "accepted"],
		]);
		expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual([root?.spanId, root?.spanId]);
		expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(3);
		expect(collector.resource).toMatchObject({ "service.name": "posthaste" });
	});

	test("goes on with the trace of the request that sent it, and leaves nothing in the store", async () => {
		const collector = await startCollector();
		const world = await openObserved();
		const tracing = await traced(world, { otlpEndpoint: collector.url, delay: 100 });
		const message = await world.send({ to: ["john", "ann"] });
		tracing.join(message, parent);
		const spans = await collector.received(4);
		expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set(["4bf92f3577b34da6a3ce929d0e0e4736"]));
		const roots = spans.filter(({ name }) => name === "deliver");
		expect(roots.map(({ parentSpanId }) => parentSpanId)).toEqual(Array(2).fill("00f067aa0ba902b7"));
		await tracing.close();
		expect(await world.store.pluginList(":traces", "")).toEqual([]);
	});

	test("what is no traceparent is none", async () => {
		const collector = await startCollector();
		const world = await openObserved();
		const tracing = await traced(world, { otlpEndpoint: collector.url, delay: 50 });
		const message = await world.send();
		for (const text of [
			"",
			"nonsense",
			parent.replace("00-", "ff-"),
			`${parent}-more`,
			`00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
		]) {
			tracing.join(message, text);
		}
		const [span] = await collector.received(1);
		expect(span?.traceId).toBe(message.replaceAll("-", ""));
	});

	test("a sender that samples nothing is not traced", async () => {
		const collector = await startCollector();
		const world = await openObserved();
		const tracing = await traced(world, { otlpEndpoint: collector.url, delay: 50 });
		const unwanted = await world.send();
		tracing.join(unwanted, parent.replace(/01$/, "00"));
		const wanted = await world.send();
		const spans = await collector.received(2);
		await tracing.close();
		expect(new Set(spans.map(({ attributes }) => attributes["posthaste.message.id"]))).not.toContain(unwanted);
		expect(spans.map(({ traceId }) => traceId)).toContain(wanted.replaceAll("-", ""));
	});

	test("a receipt after the end adds a span to the same trace", async () => {
		const collector = await startCollector();
		const world = await openObserved();
		await traced(world, { otlpEndpoint: collector.url });
		const message = await world.send({ properties: { category: "read", expires: "1s" } });
		await world.until(message, "settled");
		await collector.received(2);
		await world.im.receipt("read");
		const spans = await collector.received(3);
		expect(spans[2]).toMatchObject({
			name: "late receipt",
			traceId: spans[0]?.traceId,
			attributes: { "posthaste.state": "reached", "posthaste.reason": "late-receipt" },
		});
		expect(spans.find(({ name }) => name === "deliver")?.status).toMatchObject({ code: 2, message: "message-expired" });
	});
});

test("a delivery that ends after a restart has one trace, in the trace that its message was sent in", async () => {
	const collector = await startCollector();
	const folder = await scratchFolder();
	const im = scriptedMechanism({ id: "test-im", kind: "im", capabilities: { receipts: "read" } });
	const pager = scriptedMechanism({ id: "test-pager", kind: "pager" });
	const open = async () => {
		const store = await openSqliteStore({ folder: folder.path, thread: "inline" });
		const posthaste = await createPosthaste({ store, plugins: [im.plugin, pager.plugin], configuration });
		return { store, posthaste };
	};
	const before = await open();
	const first = await traced(before, { otlpEndpoint: collector.url });
	const { id } = await before.posthaste.send({
		...{ to: ["john"], from: "mary", body: "The build is broken", properties: { category: "read" } },
	});
	first.join(id, parent);
	await before.posthaste.idle();
	await first.close();
	await before.posthaste.close();
	expect(collector.spans).toEqual([]);

	const after = await open();
	onTestFinished(async () => {
		await after.posthaste.close();
		await folder.remove();
	});
	await traced(after, { otlpEndpoint: collector.url });
	await im.receipt("read");
	const spans = await collector.received(2);
	expect(spans.map(({ name, traceId }) => [name, traceId])).toEqual([
		["deliver", "4bf92f3577b34da6a3ce929d0e0e4736"],
		["attempt im", "4bf92f3577b34da6a3ce929d0e0e4736"],
	]);
	expect(spans[0]?.events.map(({ name }) => name)).toEqual(["receipt"]);
});

describe("the trace that a message was sent in is not kept for ever", () => {
	const kept = async ({ store }: World) => (await store.pluginList(":traces", "")).map(({ key }) => key);

	/** A world whose queue can be filled with ends of deliveries that there are not. */
	async function crowded() {
		const collector = await startCollector();
		const world = await openObserved();
		let publish: (event: MessageEvent) => void = () => undefined;
		const posthaste: TracingOptions["posthaste"] = {
			observe(listener) {
				publish = listener;
				return world.posthaste.observe(listener);
			},
		};
		const dropped = vi.fn();
		const env = { OTEL_TRACES_SAMPLER: "parentbased_always_off" };
		const tracing = await traced(
			{ ...world, posthaste: { ...world.posthaste, ...posthaste } },
			{ otlpEndpoint: collector.url, delay: 1000, env, onSpans: (result) => result === "dropped" && dropped() },
		);
		const entry = { type: "settled", sequence: 1, at: 0, state: "reached", reason: "accepted" } as const;
		const fill = () => {
			for (let index = 0; index < 10_000; index++) {
				publish({ message: `none-${index}`, delivery: `none-${index}.1`, state: "reached", entries: [entry] });
			}
		};
		return { ...world, tracing, fill, dropped };
	}

	/** A message whose deliveries wait for their receipts, sent in a trace of its sender's. */
	async function joined({ tracing, ...world }: Awaited<ReturnType<typeof crowded>>, to: readonly string[]) {
		const message = await world.send({ to, properties: { category: "read" } });
		tracing.join(message, parent);
		await expect.poll(() => world.im.sent.filter((one) => one.message.id === message).length).toBe(to.length);
		const ends = (recipient: string) => {
			const sent = world.im.sent.find((one) => one.message.id === message && one.recipient.id === recipient);
			return world.im.receipt("read", sent?.id);
		};
		return { message, ends };
	}

	test("when so many end that its delivery is dropped", async () => {
		const world = await crowded();
		const { message, ends } = await joined(world, ["john"]);
		world.fill();
		await ends("john");
		expect(world.dropped).toHaveBeenCalledTimes(1);
		expect(await kept(world)).toEqual([message]);
		await expect.poll(() => kept(world), { timeout: 10_000 }).toEqual([]);
	});

	test("when one of its deliveries is dropped and another ends later", async () => {
		const world = await crowded();
		const { message, ends } = await joined(world, ["john", "ann"]);
		const other = await joined(world, ["john"]);
		world.fill();
		await Promise.all([ends("john"), other.ends("john")]);
		expect(world.dropped).toHaveBeenCalledTimes(2);
		await expect.poll(() => kept(world), { timeout: 10_000 }).toEqual([message]);
		await ends("ann");
		await expect.poll(() => kept(world), { timeout: 10_000 }).toEqual([]);
	});

	test("when the program died before it was read: the next start clears it, and keeps those still under way", async () => {
		const collector = await startCollector();
		const world = await openObserved();
		const ended = await world.send();
		await world.until(ended, "settled");
		const underWay = await world.send({ properties: { category: "read" } });
		for (const message of [ended, underWay, "forgotten"]) {
			await world.store.pluginSet(":traces", message, parent);
		}
		await traced(world, { otlpEndpoint: collector.url });
		await expect.poll(() => kept(world), { timeout: 10_000 }).toEqual([underWay]);
		await world.im.receipt("read");
		const spans = await collector.received(2);
		expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set(["4bf92f3577b34da6a3ce929d0e0e4736"]));
		await expect.poll(() => kept(world), { timeout: 10_000 }).toEqual([]);
	});

	test("when traces are switched off", async () => {
		const world = await openObserved();
		for (let index = 0; index < 250; index++) {
			await world.store.pluginSet(":traces", `message-${index}`, parent);
		}
		const { posthaste, store } = world;
		expect(await startTracing({ posthaste, store, log, env: {} })).toBeUndefined();
		await expect.poll(() => kept(world), { timeout: 10_000 }).toEqual([]);
	});
});

describe("a collector that does not take them", () => {
	test("disturbs no delivery, and is told of once", async () => {
		const collector = await startCollector();
		collector.answer(400);
		const world = await openObserved();
		const counts = { exported: 0, failed: 0, dropped: 0 };
		const tracing = await traced(world, {
			otlpEndpoint: collector.url,
			onSpans: (result, count) => {
				counts[result] += count;
			},
		});
		log.warn.mockClear();
		for (let index = 0; index < 3; index++) {
			await world.until(await world.send(), "settled");
		}
		await tracing.close();
		expect(counts).toEqual({ exported: 0, failed: 6, dropped: 0 });
		expect(log.warn).toHaveBeenCalledTimes(1);
		expect(await world.figure("posthaste_deliveries", { state: "reached" })).toBe(3);
	});

	test("is not waited for at the end", async () => {
		const world = await openObserved();
		// Port 9 discards; nothing listens there.
		const tracing = await traced(world, { otlpEndpoint: "http://127.0.0.1:9" });
		await world.until(await world.send(), "settled");
		const start = performance.now();
		await tracing.close();
		expect(performance.now() - start).toBeLessThan(5000);
	});
});

describe("whether there are traces at all", () => {
	const { posthaste, store } = { posthaste: { observe: () => () => undefined }, store: {} as TracingOptions["store"] };

	test.each([
		[undefined, {}],
		[undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: "" }],
		["http://127.0.0.1:9", { OTEL_SDK_DISABLED: "true" }],
		[undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_TRACES_EXPORTER: "none" }],
	])("not with %s and %o", async (otlpEndpoint, env) => {
		expect(await startTracing({ posthaste, store, log, env, ...(otlpEndpoint && { otlpEndpoint }) })).toBeUndefined();
	});

	test("an address that is none is refused", async () => {
		const start = startTracing({ posthaste, store, log, env: {}, otlpEndpoint: "collector:4318" });
		await expect(start).rejects.toMatchObject({ code: "invalid-request" });
	});

	test("nothing of OpenTelemetry is loaded otherwise, but its API, which prom-client loads", async () => {
		const { execFileSync } = await import("node:child_process");
		const script = `
			await import(${JSON.stringify(new URL("../main.ts", import.meta.url).href)});
			const { createRequire } = await import("node:module");
			const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => /opentelemetry.(?!api)/.test(file));
			console.log(JSON.stringify(loaded));
		`;
		const out = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
		expect(JSON.parse(out)).toEqual([]);
	});
});

test.each([
	["the sampler that OTEL_TRACES_SAMPLER names", "always_off", undefined],
	["the sampler of the request that sent a message", "parentbased_always_on", parent.replace(/01$/, "00")],
])("%s decides before a journal is read", async (_, sampler, traceparent) => {
	const collector = await startCollector();
	const world = await openObserved();
	const loadDeliveries = vi.spyOn(world.faults.store, "loadDeliveries");
	const options = { otlpEndpoint: collector.url, env: { OTEL_TRACES_SAMPLER: sampler }, delay: 1000 };
	const tracing = await traced({ ...world, store: world.faults.store }, options);
	const message = await world.send({ to: ["john", "ann"] });
	if (traceparent !== undefined) {
		tracing.join(message, traceparent);
	}
	const states = async () => (await world.posthaste.messages.get(message))?.deliveries.map(({ state }) => state);
	await expect.poll(states).toEqual(["reached", "reached"]);
	loadDeliveries.mockClear();
	await tracing.close();
	expect([loadDeliveries.mock.calls, collector.requests]).toEqual([[], 0]);
	expect(await world.store.pluginList(":traces", "")).toEqual([]);
});
