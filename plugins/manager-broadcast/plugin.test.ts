import { managerConformance, type PlayOptions, play } from "@posthaste/core/testing";
import Schema from "typebox/schema";
import { describe, expect, test } from "vitest";
import plugin from "./plugin.ts";

managerConformance(plugin, {
	settings: [
		{},
		{ mechanisms: ["im", "sms-1", "kind:email"], until: "delivered", within: "90s" },
		{ until: "accepted" },
	],
});

const receipts = { receipts: "acknowledged", retraction: true } as const;
const mechanisms = {
	im2: { kind: "im", capabilities: receipts },
	email: { kind: "email" },
	pager: { kind: "pager", capabilities: receipts },
} as const;

function begin(settings: Parameters<typeof plugin.allows>[0] = {}, options: Partial<PlayOptions> = {}) {
	return play(plugin, settings, { mechanisms, ...options });
}

test("every mechanism at once, in the recipient's order", () => {
	expect(begin({}, { table: ["pager", "im2", "email"] }).sending).toEqual(["pager", "im2", "email"]);
});

test("the first acknowledgement ends it and takes the rest back", () => {
	const delivery = begin();
	delivery.outcome("im2", "accepted", { level: "read" });
	delivery.outcome("email", "accepted");
	expect(delivery.state).toBe("routing");
	delivery.receipt("pager", "acknowledged");
	expect([delivery.state, delivery.reason]).toEqual(["reached", "acknowledged"]);
	const retracted = delivery.decisions.flatMap((decision) => (decision.type === "retract" ? [decision.mechanism] : []));
	expect(retracted).toEqual(["im2", "email"]);
});

test("ten minutes without one end it, all together", () => {
	const delivery = begin();
	for (const mechanism of ["im2", "email", "pager"]) {
		delivery.outcome(mechanism, "accepted");
	}
	delivery.pass("599s");
	expect(delivery.state).toBe("waiting");
	delivery.pass("1s");
	expect([delivery.state, delivery.reason]).toEqual(["unreached", "exhausted"]);
});

test("the settings say which mechanisms, until what, and how long", () => {
	const delivery = begin({ mechanisms: ["im", "pager"], until: "delivered", within: "30s" });
	expect(delivery.sending).toEqual(["im2", "pager"]);
	delivery.outcome("im2", "accepted");
	delivery.outcome("pager", "accepted", { level: "delivered" });
	expect([delivery.state, delivery.reason]).toEqual(["reached", "receipt"]);
	const silent = begin({ mechanisms: ["pager"], within: "30s" });
	silent.outcome("pager", "accepted");
	silent.pass("30s");
	expect(silent.state).toBe("unreached");
});

test("a mechanism that is off is passed over, and the others are not held up", () => {
	const delivery = begin({}, { mechanisms: { ...mechanisms, im2: { kind: "im", inactive: true } } });
	expect(delivery.sending).toEqual(["email", "pager"]);
	const named = begin(
		{ mechanisms: ["im2", "email"] },
		{ mechanisms: { ...mechanisms, im2: { kind: "im", inactive: true } } },
	);
	expect(named.decisions).toContainEqual({ type: "passed-over", mechanism: "im2", reason: "inactive" });
	expect(named.sending).toEqual(["email"]);
});

test("nobody to reach it by ends it at once", () => {
	const delivery = begin({}, { table: [] });
	expect([delivery.state, delivery.reason]).toEqual(["unreached", "no-mechanism"]);
});

describe("settings that the schema refuses", () => {
	test.each<[string, unknown]>([
		["a key it does not know", { mechanism: ["im2"] }],
		["an empty list", { mechanisms: [] }],
		["an empty name", { mechanisms: [""] }],
		["a level that there is not", { until: "seen" }],
		["a time that is none", { within: "10" }],
	])("%s", (_, settings) => {
		expect(Schema.Check(plugin.settings, settings)).toBe(false);
	});
});
