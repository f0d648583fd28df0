import { managerConformance, type PlayOptions, play } from "@posthaste/core/testing";
import Schema from "typebox/schema";
import { describe, expect, test } from "vitest";
import plugin from "./plugin.ts";

type Settings = Parameters<typeof plugin.allows>[0];

const reference: Settings = {
	steps: [
		{ attempt: ["im2"], until: "delivered", within: "30s" },
		{ ask: "{recipient.name} is not available on IM. Send a page?", within: "5m", otherwise: "no" },
		{ attempt: ["pager"] },
	],
};

managerConformance(plugin, {
	settings: [
		reference,
		{
			steps: [
				{ note: "Everything on the desk first." },
				{ attempt: ["im", "kind:chat", "email"], mode: "parallel", until: "read", within: "2m" },
				{ wait: "10m" },
				{ attempt: ["kind:sms", "kind:push"], until: "delivered", within: "1m" },
				{ ask: "Wake them?", within: "1m", otherwise: "yes" },
				{ attempt: ["webhook", "pager"], mode: "parallel", until: "acknowledged", within: "5m" },
			],
		},
		{ steps: [{ attempt: ["im2", "sms2", "email"] }, { attempt: ["im2"] }] },
	],
});

const mechanisms = {
	im2: { kind: "im", capabilities: { receipts: "acknowledged", retraction: true } },
	email: { kind: "email" },
	pager: { kind: "pager", capabilities: { receipts: "acknowledged", retraction: true } },
} as const;

function begin(settings: Settings, options: Partial<PlayOptions> = {}) {
	expect(plugin.check?.(settings)).toEqual([]);
	return play(plugin, settings, { mechanisms, ...options });
}

describe("the reference configuration", () => {
	test("John on IM is reached by IM; nothing else is touched", () => {
		const delivery = begin(reference);
		delivery.outcome("im2", "accepted");
		delivery.pass("10s");
		delivery.receipt("im2", "delivered");
		expect([delivery.state, delivery.attempted]).toEqual(["reached", ["im2"]]);
	});

	test("John off IM: the sender is asked by his name, says yes, and the page goes out", () => {
		const delivery = begin(reference);
		delivery.outcome("im2", "unavailable");
		expect(delivery.question).toBe("John Smith is not available on IM. Send a page?");
		delivery.answer("yes");
		delivery.outcome("pager", "accepted");
		expect([delivery.state, delivery.attempted]).toEqual(["reached", ["im2", "pager"]]);
	});

	test("no, or no answer in five minutes, ends it", () => {
		const no = begin(reference);
		no.outcome("im2", "unavailable");
		no.answer("no");
		expect(no.reason).toBe("sender-declined");
		const silent = begin(reference);
		silent.outcome("im2", "unavailable");
		silent.pass("5m");
		expect([silent.reason, silent.attempted]).toEqual(["no-answer", ["im2"]]);
	});

	test("email is in the table and active, and never attempted, with the reason", () => {
		const delivery = begin(reference, { message: { prompts: "yes" } });
		delivery.outcome("im2", "rejected");
		delivery.outcome("pager", "rejected");
		expect(delivery.attempted).toEqual(["im2", "pager"]);
		expect(delivery.planned.deliveryPolicy).toContainEqual({
			mechanism: "email",
			kind: "email",
			kept: false,
			reason: "not-in-configuration",
		});
	});
});

test("steps follow one another, waits and notes included", () => {
	const delivery = begin({
		steps: [
			{ note: "First the desk." },
			{ attempt: ["email"] },
			{ wait: "90s" },
			{ attempt: ["pager", "im2"], mode: "parallel" },
		],
	});
	delivery.outcome("email", "rejected");
	expect(delivery.decisions.map(({ type }) => type)).toEqual(["policies", "note", "attempt", "wait"]);
	delivery.pass("90s");
	expect(delivery.sending).toEqual(["pager", "im2"]);
});

test("a question knows the recipient and the subject, and takes nothing else for a placeholder", () => {
	const ask = (question: string, subject?: string) =>
		play(plugin, { steps: [{ ask: question }] }, { mechanisms, message: subject === undefined ? {} : { subject } })
			.question;
	expect(ask("Page {recipient.name} about {message.subject}?", "Pump")).toBe("Page John Smith about Pump?");
	expect(ask("About “{message.subject}”?")).toBe("About “”?");
	expect(ask("About {message.subject}?", "{recipient.name} $& $1")).toBe("About {recipient.name} $& $1?");
	expect(ask("{nothing} {} {recipient.name", "x")).toBe("{nothing} {} {recipient.name");
});

test("its settings name every mechanism of every step", () => {
	expect(plugin.allows(reference)).toEqual(["im2", "pager"]);
	expect(plugin.allows({ steps: [{ note: "nothing" }] })).toEqual([]);
});

describe("settings that the schema refuses", () => {
	test.each<[string, unknown]>([
		["no steps", {}],
		["an empty list of steps", { steps: [] }],
		["a step with a key it does not know", { steps: [{ attemp: ["im2"] }] }],
		["an attempt of nothing", { steps: [{ attempt: [] }] }],
		["an attempt that is no list", { steps: [{ attempt: "im2" }] }],
		["a mode that there is not", { steps: [{ attempt: ["im2"], mode: "both" }] }],
		["a level that there is not", { steps: [{ attempt: ["im2"], until: "seen" }] }],
		["a time that is none", { steps: [{ attempt: ["im2"], within: "soon" }] }],
		["a time that is a number", { steps: [{ wait: 60 }] }],
		["an answer that is none", { steps: [{ ask: "?", otherwise: "maybe" }] }],
		["too many steps", { steps: Array.from({ length: 101 }, () => ({ note: "x" })) }],
	])("%s", (_, settings) => {
		expect(Schema.Check(plugin.settings, settings)).toBe(false);
	});
});

describe("settings that the schema takes and the check does not", () => {
	test.each<[string, Settings["steps"][number], string]>([
		["a step of no kind", {}, "steps[1]: a step has exactly one of attempt, ask, wait and note"],
		["a step of two kinds", { ask: "?", note: "!" }, "steps[1]: a step has exactly one of attempt, ask, wait and note"],
		["a stranger beside a wait", { wait: "1m", within: "1m" }, "steps[1].within: does not belong to a step with wait"],
		[
			"an answer beside an attempt",
			{ attempt: ["im2"], otherwise: "no" },
			"steps[1].otherwise: does not belong to a step with attempt",
		],
		["a mode beside a question", { ask: "?", mode: "serial" }, "steps[1].mode: does not belong to a step with ask"],
		[
			"a placeholder that is not known",
			{ ask: "Page {recipient.pager}?" },
			"steps[1].ask: {recipient.pager} is not known; {recipient.name} and {message.subject} are",
		],
	])("%s", (_, step, complaint) => {
		const settings = { steps: [{ note: "fine" }, step] };
		expect(Schema.Check(plugin.settings, settings)).toBe(true);
		expect(plugin.check?.(settings)).toEqual([complaint]);
	});
});
