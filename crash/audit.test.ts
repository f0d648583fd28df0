/** The auditor itself: documents and arrivals as they should be, and then with one thing wrong. */
import type { MessageDocument } from "@posthaste/core";
import { expect, test } from "vitest";
import type { Arrival } from "./arrivals.ts";
import type { Asked } from "./asked.ts";
import { audit, type Evidence, noFigures } from "./audit.ts";
import { timeOfQueueId } from "./mail.ts";

const id = "0197a2f0-0000-7000-8000-000000000001";
const start = Date.UTC(2026, 0, 1);
const at = (after: number) => new Date(start + after).toISOString();

interface Shape {
	readonly recipient?: string;
	readonly manager?: string;
	/** The outcomes of the tries, each 1 s after its intent; the next try follows 1 s later. */
	readonly outcomes?: readonly (string | undefined)[];
	/** When mails arrived, after the message was accepted. */
	readonly arrived?: readonly number[];
	readonly address?: string;
	readonly lifetime?: number;
	/** What arrived, where it is not what was handed in. */
	readonly text?: string;
	/** The level of a receipt that ended the delivery. */
	readonly receipt?: string;
	readonly state?: string;
	readonly asked?: Partial<Asked>;
	readonly without?: "document" | "request" | "journal";
	/** When the program died. */
	readonly ends?: readonly number[];
}

function evidence(shape: Shape = {}): Evidence {
	const { recipient = "m1", manager = "mail", outcomes = ["accepted"], arrived = [500], lifetime, receipt } = shape;
	const attempt = `${id}.1.a1`;
	const journal = [
		{ type: "began", at: at(0) },
		...outcomes.flatMap((outcome, index) => {
			const about = { attempt, mechanism: "email", try: index + 1 };
			const intent = { type: "attempt", ...about, at: at(index * 2000) };
			return outcome === undefined
				? [intent]
				: [intent, { type: "outcome", ...about, outcome, at: at(index * 2000 + 1000) }];
		}),
		...(receipt === undefined
			? []
			: [{ type: "receipt", attempt, mechanism: "email", level: receipt, at: at(60_000) }]),
		{ type: "settled", state: "reached", ...(receipt !== undefined && { attempt }), at: at(60_000) },
	].map((entry, index) => ({ ...entry, sequence: index + 1 }));
	const document = {
		id,
		to: [recipient],
		body: "k-1-1: hello",
		acceptedAt: at(0),
		properties: lifetime === undefined ? {} : { expires: at(lifetime) },
		deliveries: [
			{
				id: `${id}.1`,
				recipient,
				state: shape.state ?? "reached",
				journal: shape.without === "journal" ? [] : journal,
			},
		],
	};
	const asked: Asked = {
		token: "k-1-1",
		draft: { to: [recipient], from: "mary", body: "k-1-1: hello" },
		manager,
		priority: "normal",
		...(lifetime !== undefined && { lifetime }),
		message: id,
		unanswered: 0,
		repeated: 0,
		answers: new Map(),
		...shape.asked,
	};
	const arrivals = arrived.map(
		(after, index): Arrival => ({
			way: "email",
			id: String(index),
			address: shape.address ?? `${recipient}@example.test`,
			attempt,
			token: "k-1-1",
			text: shape.text ?? "k-1-1: hello",
			at: start + after,
		}),
	);
	return {
		asked: new Map(shape.without === "request" ? [] : [["k-1-1", asked]]),
		documents: shape.without === "document" ? [] : [document as unknown as MessageDocument],
		arrivals,
		ends: (shape.ends ?? []).map((end) => start + end),
	};
}

const rulesBroken = (shape: Shape) => [...new Set(audit(evidence(shape), noFigures()).map(({ rule }) => rule))];

test.each<[string, Shape]>([
	["accepted and arrived", {}],
	["unknown, sent again, and arrived twice", { outcomes: ["unknown", "accepted"], arrived: [500, 2500] }],
	["unknown, sent again, and arrived once", { outcomes: ["unknown", "accepted"], arrived: [2500] }],
	["failed, sent again, and arrived once", { outcomes: ["failed", "accepted"], arrived: [2500] }],
	[
		"sent in time, and noted by a slow server after the program had died",
		{ lifetime: 400, arrived: [9000], ends: [450] },
	],
	["accepted, where somebody was to read it", { manager: "escalate", state: "unreached" }],
])("all is well when a mail was %s", (_what, shape) => {
	expect(rulesBroken(shape)).toEqual([]);
});

test.each<[rule: string, what: string, Shape]>([
	["lost", "the API does not know what was answered with 202", { without: "document", arrived: [] }],
	["lost", "another message stands there under the key", { asked: { message: "another" } }],
	["unasked", "nobody asked for a message", { without: "request" }],
	["unasked", "a request was refused, and there is its message", { asked: { refused: 422 } }],
	["truth", "what was accepted never arrived", { arrived: [] }],
	["truth", "what failed has arrived", { outcomes: ["failed", "accepted"], arrived: [500, 2500] }],
	["doubled", "what was accepted arrived twice", { arrived: [500, 700] }],
	[
		"doubled",
		"it arrived twice before the first became unknown",
		{
			outcomes: ["unknown", "accepted"],
			arrived: [300, 500],
		},
	],
	["intent", "it arrived, and the journal knows of no attempt", { without: "journal", state: "unreached" }],
	[
		"intent",
		"a call that its own receipt overtook has no outcome",
		{ outcomes: [undefined], arrived: [500], receipt: "read" },
	],
	["intent", "it arrived before its intent", { arrived: [-500] }],
	["intent", "it arrived at somebody else's", { address: "m2@example.test", outcomes: ["unknown"] }],
	["policy", "a mail went to somebody who wants none of this kind", { recipient: "q1" }],
	["policy", "a mail went to somebody who has no mail in their table", { recipient: "p1", arrived: [] }],
	[
		"repeat",
		"it was sent again after it had been accepted",
		{ outcomes: ["accepted", "accepted"], arrived: [500, 2500] },
	],
	[
		"repeat",
		"it was sent again although unknown means the next",
		{
			manager: "onward",
			outcomes: ["unknown", "accepted"],
			arrived: [2500],
		},
	],
	[
		"repeat",
		"it was sent again although nobody had decided so",
		{
			manager: "careful",
			outcomes: ["unknown", "accepted"],
			arrived: [2500],
		},
	],
	[
		"expiry",
		"a try was decided on after the message expired",
		{
			outcomes: ["failed", "accepted"],
			lifetime: 1500,
			arrived: [2500],
		},
	],
	["expiry", "it was still being sent long after", { outcomes: [undefined], lifetime: 400, arrived: [9000] }],
	[
		"cancelled",
		"a try was decided on after the cancellation",
		{
			outcomes: ["failed", "accepted"],
			arrived: [2500],
			asked: { cancelledAt: start + 1500 },
		},
	],
	["end", "a delivery does not end", { state: "waiting" }],
	[
		"intent",
		"a delivery ended, and what became of a call before stays open",
		{ outcomes: [undefined], arrived: [500] },
	],
	["truth", "reached is said of what was accepted and was to be read", { manager: "escalate" }],
	["truth", "unreached is said of what was accepted, as was asked", { state: "unreached" }],
	["truth", "expired is said of what was accepted, as was asked", { state: "expired" }],
	["truth", "something else arrived than what was handed in", { text: "k-1-1: good-bye" }],
	["truth", "a recipient is said to be reached, and nothing says how", { outcomes: ["failed"], arrived: [] }],
])("a breach of the rule on %s is found: %s", (rule, _what, shape) => {
	expect(rulesBroken(shape)).toContain(rule);
});

test("a long queue identifier of Postfix tells when it was made", () => {
	// Postfix 3.7 named it in a reply that came at this moment.
	const replied = Date.parse("2026-11-23T00:01:53.325Z");
	const made = timeOfQueueId("4jXmMP1lBBzfGBk");
	expect(made).toBeLessThan(replied);
	expect(made).toBeGreaterThan(replied - 500);
});
