/** Steps 4 and 5 and the second look: every reason for which a mechanism is kept or dropped. */
import { afterAll, describe, expect, test } from "vitest";
import { attempt } from "./manager.ts";
import type { Message } from "./model.ts";
import { type PolicyReason, policyReasons } from "./reasons.ts";
import { type PlayOptions, play } from "./testing/index.ts";
import { testManager } from "./testing/test-manager.ts";

const noon = Date.UTC(2026, 0, 15, 12);
const seen = new Set<PolicyReason>();

interface Situation extends Partial<PlayOptions> {
	readonly allows?: readonly string[] | "all";
}

/** The delivery to somebody whose table has `im2` as the situation says. */
function policies({ allows = "all", mechanisms, ...options }: Situation) {
	const manager = testManager(function* () {
		yield* attempt(["im2"]);
	}, allows);
	const delivery = play(manager, {}, { mechanisms: mechanisms ?? { im2: { kind: "im" } }, ...options });
	const { routingPolicy, deliveryPolicy } = delivery.planned;
	const passedOver = delivery.decisions.filter((decision) => decision.type === "passed-over");
	for (const { reason } of [...routingPolicy, ...deliveryPolicy, ...passedOver]) {
		if (reason !== undefined) {
			seen.add(reason);
		}
	}
	return { routing: routingPolicy, delivery: deliveryPolicy, played: delivery };
}

const kept = { mechanism: "im2", kind: "im", kept: true };
const dropped = (reason: PolicyReason) => ({ mechanism: "im2", kind: "im", kept: false, reason });
const entry = (changes: object) => ({ table: [{ mechanism: "im2", ...changes }] });
const confidential: Partial<Message> = { confidential: true };

describe("the routing policy", () => {
	test("keeps what is in the table and active, in the recipient's order", () => {
		const { routing, delivery } = policies({
			mechanisms: { im2: { kind: "im" }, email: { kind: "email" } },
			table: ["email", "im2"],
		});
		expect(routing).toEqual([{ mechanism: "email", kind: "email", kept: true }, kept]);
		expect(delivery).toEqual(routing);
	});

	test.each<[PolicyReason, Situation]>([
		["disabled", { mechanisms: { im2: { kind: "im", inactive: "disabled" } } }],
		["inactive", { mechanisms: { im2: { kind: "im", inactive: true } } }],
		["breaker-open", { mechanisms: { im2: { kind: "im", inactive: "breaker-open" } } }],
		["bad-address", entry({ address: { bad: true } })],
		["recipient-condition", entry({ when: 'message.priority == "urgent"' })],
		["condition-failed", entry({ when: "message.properties.hall > 2" })],
		["condition-failed", entry({ when: "this is no condition" })],
		["quiet-hours", entry({ quiet: { from: "11:00", to: "13:00" } })],
		["quiet-hours", entry({ quiet: { from: "11:00", to: "13:00", then: "skip", except: "urgent" } })],
		["not-in-table", { table: [] }],
	])("drops a mechanism: %s", (reason, situation) => {
		const { routing, delivery, played } = policies(situation);
		expect(routing).toEqual([dropped(reason)]);
		expect(delivery).toEqual([]);
		expect(played.decisions).toContainEqual({ type: "passed-over", mechanism: "im2", reason });
		expect([played.state, played.reason]).toEqual(["unreached", "no-mechanism"]);
	});

	test("drops an entry whose mechanism does not exist, and cannot say its kind", () => {
		const { routing, played } = policies({ mechanisms: { email: { kind: "email" } }, table: ["im2"] });
		expect(routing).toEqual([
			{ mechanism: "im2", kept: false, reason: "no-such-mechanism" },
			{ mechanism: "email", kind: "email", kept: false, reason: "not-in-table" },
		]);
		expect(played.decisions).toContainEqual({ type: "passed-over", mechanism: "im2", reason: "no-such-mechanism" });
	});

	test.each<[string, Situation]>([
		["a condition that holds", entry({ when: 'message.priority == "normal"' })],
		["quiet hours at another time", entry({ quiet: { from: "22:00", to: "07:00" } })],
		["quiet hours on another day", entry({ quiet: { from: "11:00", to: "13:00", days: ["sat", "sun"] } })],
		["an exception for this priority", entry({ quiet: { from: "11:00", to: "13:00", except: "normal" } })],
		["an exception for a lower priority", entry({ quiet: { from: "11:00", to: "13:00", except: "low" } })],
	])("keeps it in spite of %s", (_, situation) => {
		expect(policies(situation).routing).toEqual([kept]);
	});

	test("keeps a mechanism whose quiet hours are waited for, and says until when", () => {
		const { routing, delivery } = policies(entry({ quiet: { from: "11:00", to: "13:00", then: "wait" } }));
		const waiting = { ...kept, postponedUntil: noon + 3_600_000, postponeReason: "quiet-hours" };
		expect(routing).toEqual([waiting]);
		expect(delivery).toEqual([waiting]);
	});

	test("says what the mechanism has against it before what the recipient has", () => {
		const mechanisms = { im2: { kind: "im", inactive: true } } as const;
		expect(policies({ mechanisms, ...entry({ when: "false", address: { bad: true } }) }).routing).toEqual([
			dropped("inactive"),
		]);
		expect(policies(entry({ when: "false", address: { bad: true } })).routing).toEqual([dropped("bad-address")]);
		expect(policies(entry({ when: "false", quiet: { from: "00:00", to: "00:00" } })).routing).toEqual([
			dropped("recipient-condition"),
		]);
	});

	test("takes quiet hours in the recipient's own time zone", () => {
		const situation = entry({ quiet: { from: "06:00", to: "08:00" } });
		expect(policies({ ...situation, timezone: "America/New_York" }).routing).toEqual([dropped("quiet-hours")]);
		expect(policies({ ...situation, timezone: "Europe/Berlin" }).routing).toEqual([kept]);
	});
});

describe("the delivery policy", () => {
	const encrypting = { im2: { kind: "im", capabilities: { encryption: true } } } as const;

	test.each<[PolicyReason, Situation]>([
		["not-in-configuration", { allows: ["email", "kind:sms", "im3"] }],
		["cannot-encrypt", { message: confidential, ...entry({ publicKey: "a key" }) }],
		["no-key", { message: confidential, mechanisms: encrypting }],
		[
			"body-too-large",
			{ mechanisms: { im2: { kind: "im", capabilities: { sizeLimit: 4 } } }, message: { body: "five!" } },
		],
		[
			"body-too-large",
			{ mechanisms: { im2: { kind: "im", capabilities: { sizeLimit: 4 } } }, message: { body: "éé!" } },
		],
	])("drops a mechanism: %s", (reason, situation) => {
		const { routing, delivery, played } = policies(situation);
		expect(routing).toEqual([kept]);
		expect(delivery).toEqual([dropped(reason)]);
		expect(played.attempted).toEqual([]);
	});

	test.each<[string, Situation]>([
		["named", { allows: ["im2"] }],
		["of a kind that is named", { allows: ["im"] }],
		["of a kind that is named as one", { allows: ["email", "kind:im"] }],
		[
			"able to encrypt to the recipient's key",
			{ message: confidential, mechanisms: encrypting, ...entry({ publicKey: "k" }) },
		],
		[
			"large enough to the byte",
			{ mechanisms: { im2: { kind: "im", capabilities: { sizeLimit: 5 } } }, message: { body: "five!" } },
		],
	])("keeps a mechanism that is %s", (_, situation) => {
		const { delivery, played } = policies(situation);
		expect(delivery).toEqual([kept]);
		expect(played.attempted).toEqual(["im2"]);
	});

	test("has a line for everything the routing policy kept, and for nothing else", () => {
		const { delivery } = policies({
			mechanisms: { im2: { kind: "im" }, email: { kind: "email" }, pager: { kind: "pager", inactive: true } },
			table: ["pager", "email", "im2"],
			allows: ["im2"],
		});
		expect(delivery).toEqual([
			{ mechanism: "email", kind: "email", kept: false, reason: "not-in-configuration" },
			kept,
		]);
	});
});

test("the second look drops who is known to be absent, which is no part of the policies", () => {
	const mechanisms = { im2: { kind: "im", absent: true } } as const;
	const { delivery, played } = policies({ mechanisms });
	expect(delivery).toEqual([kept]);
	expect(played.decisions).toContainEqual({ type: "passed-over", mechanism: "im2", reason: "absent" });
	const out = policies({ mechanisms, allows: ["email"] }).played;
	expect(out.decisions).toContainEqual({ type: "passed-over", mechanism: "im2", reason: "not-in-configuration" });
});

afterAll(() => {
	expect([...seen].sort(), "every reason of the closed set was reached").toEqual(Object.keys(policyReasons).sort());
});
