import { managerConformance, play } from "@posthaste/core/testing";
import { expect, test } from "vitest";
import plugin from "./plugin.ts";

type Settings = Parameters<typeof plugin.allows>[0];

managerConformance(plugin, {
	settings: [
		{ mechanisms: ["pager"] },
		{ mechanisms: ["im", "email", "kind:pager"], until: "delivered", within: "30s", answerWithin: "2m" },
	],
});

const settings: Settings = { mechanisms: ["im", "email", "pager"], until: "delivered", within: "30s" };

/** A world in which nobody sends anything: the test says what happens, and time stands still but for `pass`. */
function begin(changes: Partial<Settings> = {}) {
	return play(
		plugin,
		{ ...settings, ...changes },
		{
			mechanisms: {
				im: { kind: "im", capabilities: { receipts: "acknowledged" } },
				email: { kind: "email", capabilities: { receipts: "delivered" } },
				pager: { kind: "pager", capabilities: { receipts: "delivered" } },
			},
		},
	);
}

test("a receipt from the first ends it; nothing else is touched", () => {
	const delivery = begin();
	delivery.outcome("im", "accepted");
	delivery.pass("10s");
	delivery.receipt("im", "delivered");
	expect([delivery.state, delivery.attempted]).toEqual(["reached", ["im"]]);
});

test("each has its time, then the sender is asked, and yes goes on with the last", () => {
	const delivery = begin();
	delivery.outcome("im", "accepted");
	delivery.pass("30s");
	delivery.outcome("email", "rejected");
	expect(delivery.question).toBe("John Smith was not reached yet. Try pager?");
	delivery.answer("yes");
	delivery.outcome("pager", "accepted", { level: "delivered" });
	expect([delivery.state, delivery.attempted]).toEqual(["reached", ["im", "email", "pager"]]);
});

test.each<[string, (delivery: ReturnType<typeof begin>) => void]>([
	["no", (delivery) => delivery.answer("no")],
	["no answer in time", (delivery) => delivery.pass("5m")],
])("%s ends it before the last", (_, ends) => {
	const delivery = begin();
	delivery.outcome("im", "unavailable");
	delivery.outcome("email", "rejected");
	ends(delivery);
	expect([delivery.state, delivery.attempted]).toEqual(["unreached", ["im", "email"]]);
});

test("a receipt that comes while the sender is asked withdraws the question", () => {
	const delivery = begin();
	delivery.outcome("im", "accepted");
	delivery.pass("30s");
	delivery.outcome("email", "rejected");
	delivery.receipt("im", "read");
	expect([delivery.state, delivery.question]).toEqual(["reached", undefined]);
});

test("a single mechanism is tried without asking", () => {
	const delivery = begin({ mechanisms: ["pager"], until: "accepted" });
	delivery.outcome("pager", "accepted");
	expect([delivery.state, delivery.attempted]).toEqual(["reached", ["pager"]]);
});
