/** The figures are what happened, under names and labels that Prometheus and its linter take. */
import type { Message } from "@posthaste/core";
import { describe, expect, test } from "vitest";
import { lint } from "./testing/exposition.ts";
import { openObserved } from "./testing/world.ts";

describe("what happens to messages", () => {
	test("a message that reaches somebody at once", async () => {
		const { send, until, figure } = await openObserved();
		await until(await send({ properties: { priority: "high" } }), "settled");
		expect(await figure("posthaste_messages_accepted_total", { priority: "high" })).toBe(1);
		expect(await figure("posthaste_messages_accepted_total", { priority: "low" })).toBe(0);
		expect(await figure("posthaste_deliveries_begun_total")).toBe(1);
		expect(await figure("posthaste_attempts_total", { mechanism: "im" })).toBe(1);
		const accepted = { mechanism: "im", outcome: "accepted", reason: "answered" };
		expect(await figure("posthaste_attempt_outcomes_total", accepted)).toBe(1);
		expect(await figure("posthaste_deliveries_settled_total", { state: "reached", reason: "accepted" })).toBe(1);
		expect(await figure("posthaste_time_to_reach_seconds_count", { priority: "high" })).toBe(1);
		expect(await figure("posthaste_time_to_reach_seconds_count", { priority: "normal" })).toBe(0);
		expect(await figure("posthaste_attempt_duration_seconds_count", { mechanism: "im" })).toBe(1);
	});

	test("outcomes by what they rest on, questions and how they were answered", async () => {
		const { send, until, figure, posthaste, im, pager } = await openObserved();
		im.answers({ outcome: "unavailable", evidence: "offline" });
		pager.answers(() => {
			throw new Error("the modem is gone");
		});
		const message = await send();
		await until(message, "prompt");
		expect(await figure("posthaste_prompts_opened_total")).toBe(1);
		const [prompt] = (await posthaste.prompts.list()).items;
		await posthaste.prompts.answer(prompt?.id ?? "", "yes", "mary");
		await until(message, "settled");
		expect(await figure("posthaste_prompts_closed_total", { by: "sender", answer: "yes" })).toBe(1);
		const unavailable = { mechanism: "im", outcome: "unavailable", reason: "answered" };
		expect(await figure("posthaste_attempt_outcomes_total", unavailable)).toBe(1);
		const thrown = { mechanism: "pager", outcome: "unknown", reason: "plugin-threw" };
		expect(await figure("posthaste_attempt_outcomes_total", thrown)).toBe(1);
	});

	test("deliveries by state, counted anew after some seconds only", async () => {
		const { send, until, figure, im } = await openObserved();
		im.answers({ outcome: "unknown", evidence: "nobody knows" });
		await until(await send({ properties: { category: "hold" } }), "held");
		expect(await figure("posthaste_deliveries", { state: "held" })).toBe(1);
		await until(await send({ properties: { category: "hold" } }), "held");
		expect(await figure("posthaste_deliveries", { state: "held" })).toBe(1);
		expect(await figure("posthaste_deliveries_held_total", { reason: "unknown-held" })).toBe(2);
	});

	test("retries, receipts, deliveries that are held, and a time to reach that began long before", async () => {
		const { send, until, figure, im } = await openObserved();
		let tries = 0;
		im.answers(() => {
			tries += 1;
			return tries === 1
				? { outcome: "failed", evidence: "connect ECONNREFUSED 127.0.0.1:25", retryAfter: 1 }
				: { outcome: "accepted" };
		});
		const message = await send({ properties: { category: "read" } });
		await expect.poll(() => im.sent.length, { timeout: 10_000 }).toBe(2);
		await im.receipt("read");
		await until(message, "settled");
		expect(await figure("posthaste_retries_total", { mechanism: "im" })).toBe(1);
		const refused = { mechanism: "im", outcome: "failed", reason: "connection" };
		expect(await figure("posthaste_attempt_outcomes_total", refused)).toBe(1);
		expect(await figure("posthaste_receipts_total", { mechanism: "im", level: "read" })).toBe(1);
		expect(await figure("posthaste_time_to_reach_seconds_count", { priority: "normal" })).toBe(1);

		im.answers({ outcome: "unknown", evidence: "nobody knows" });
		await until(await send({ properties: { category: "hold" } }), "held");
		expect(await figure("posthaste_deliveries_held_total", { reason: "unknown-held" })).toBe(1);
	});

	test("each recipient of a message counts for itself, under its message's priority", async () => {
		const { posthaste, send, figure } = await openObserved();
		const message = await send({ to: ["john", "ann"], properties: { priority: "urgent" } });
		await posthaste.idle();
		expect((await posthaste.messages.get(message))?.deliveries.map(({ state }) => state)).toEqual([
			"reached",
			"reached",
		]);
		expect(await figure("posthaste_time_to_reach_seconds_count", { priority: "urgent" })).toBe(2);
		expect(await figure("posthaste_messages_accepted_total", { priority: "urgent" })).toBe(1);
	});
});

describe("how things stand", () => {
	test("the breaker of a mechanism, and whether it can be used", async () => {
		const { send, until, figure, im } = await openObserved({
			guard: { breakAfter: 1, rest: { first: 60_000, longest: 60_000 } },
		});
		expect(await figure("posthaste_mechanism_breaker_state", { mechanism: "im", state: "closed" })).toBe(1);
		expect(await figure("posthaste_mechanism_active", { mechanism: "im", kind: "im" })).toBe(1);
		im.answers({ outcome: "failed", evidence: "550 go away" });
		await until(await send(), "outcome");
		await expect.poll(() => figure("posthaste_mechanism_active", { mechanism: "im" })).toBe(0);
		expect(await figure("posthaste_mechanism_breaker_state", { mechanism: "im", state: "open" })).toBe(1);
		expect(await figure("posthaste_mechanism_breaker_state", { mechanism: "im", state: "closed" })).toBe(0);
	});

	test("what the store fails at, by code; and the other figures when it cannot be read", async () => {
		const { posthaste, send, figure, faults, scrape } = await openObserved();
		faults.failWrites(1);
		await expect(send()).rejects.toThrow();
		expect(await figure("posthaste_store_errors_total", { operation: "write" })).toBe(1);
		expect(await figure("posthaste_messages_accepted_total", { priority: "normal" })).toBe(0);
		expect(await figure("posthaste_store_operation_duration_seconds_count", { operation: "write" })).toBeGreaterThan(0);
		await posthaste.idle();
		await posthaste.close();
		const closed = await scrape();
		expect(closed.get("posthaste_due_lag_seconds")?.samples).toEqual([]);
		expect(closed.get("posthaste_deliveries_begun_total")?.samples).toHaveLength(1);
	});

	test("how late the delivery is that is due first", async () => {
		const { figure, faults } = await openObserved();
		expect(await figure("posthaste_due_lag_seconds")).toBe(0);
		const { nextDue } = faults.store;
		expect(await nextDue()).toBeNull();
		const due = Date.now() - 5000;
		const message = "0190a5b1-2f88-773e-9aff-6d4e05f41490";
		const accepted: Message = {
			...{ id: message, to: ["ann"], from: "mary", body: "x", properties: {}, acceptedAt: due },
			...{ format: "text", priority: "normal", confidential: false, prompts: "ask" },
		};
		const accept = { message: accepted, recipients: ["ann"], claimedUntil: null };
		await faults.store.write({ accepts: [accept], appends: [] });
		expect(await figure("posthaste_due_lag_seconds")).toBeGreaterThanOrEqual(5);
	});

	test("the configuration file, once there is one", async () => {
		const { figure, metrics } = await openObserved();
		expect(await figure("posthaste_config_last_reload_successful")).toBeUndefined();
		metrics.program.configuration({ appliedAt: 1_700_000_000_000 });
		expect(await figure("posthaste_config_last_reload_success_timestamp_seconds")).toBe(1_700_000_000);
		metrics.program.configuration("refused");
		expect(await figure("posthaste_config_last_reload_successful")).toBe(0);
		expect(await figure("posthaste_config_last_reload_success_timestamp_seconds")).toBe(1_700_000_000);
	});
});

test("everything is as Prometheus and its linter want it", async () => {
	const { posthaste, send, until, scrape, metrics, im } = await openObserved();
	im.answers({ outcome: "rejected", evidence: 'no "such"\nuser' });
	await until(await send(), "prompt");
	metrics.program.answered({ route: "/v1/messages/:id", method: "GET", status: 404, seconds: 0.01 });
	metrics.program.refused("not-found");
	metrics.program.configuration({ appliedAt: Date.now() });
	const families = await scrape();
	const ours = [...families.values()].filter(({ name }) => name.startsWith("posthaste_"));
	expect(ours.flatMap(lint)).toEqual([]);
	expect([...families.values()].flatMap(({ samples }) => samples.filter(({ value }) => Number.isNaN(value)))).toEqual(
		[],
	);
	expect(families.has("process_resident_memory_bytes")).toBe(true);
	await posthaste.idle();
});

test("whoever reads twice at once gets the same whole text", async () => {
	const { metrics } = await openObserved();
	const [one, other] = await Promise.all([metrics.text(), metrics.text()]);
	expect(one).toBe(other);
	expect(one).toContain('posthaste_deliveries{state="held"} 0');
});
