/** Documents as the server answers them: John Smith off IM, the sender asked, a page sent. */
import type { EventDocument, ExplanationDocument, JournalDocument, MessageDocument } from "@posthaste/core";

export const messageId = "01981b2e-5a7c-7c3e-9d53-0c8f4b7f2a10";
export const deliveryId = `${messageId}.1`;
export const promptId = `${deliveryId}.p1`;

const noon = Date.UTC(2026, 2, 4, 12, 0, 0);

/** RFC 3339 text of a moment that many seconds after noon. */
export function at(seconds: number): string {
	return new Date(noon + seconds * 1000).toISOString();
}

type WithoutNumber = JournalDocument extends infer Entry
	? Entry extends unknown
		? Omit<Entry, "sequence">
		: never
	: never;

/** Numbers entries from `first`. */
export function journal(first: number, ...entries: readonly WithoutNumber[]): readonly JournalDocument[] {
	return entries.map((entry, index) => ({ ...entry, sequence: first + index }) as JournalDocument);
}

export const policies = {
	manager: { name: "standard", plugin: "sequence", version: "1.0.0", reason: "rule" },
	configuration: { name: "normal", revision: 3, unknown: "resend", settings: {} },
	recipient: { id: "jsmith", name: "John Smith", timezone: "America/New_York" },
	routingPolicy: [
		{ mechanism: "im2", kind: "im", kept: true },
		{ mechanism: "email", kind: "email", kept: true },
		{ mechanism: "irc", kept: false, reason: "no-such-mechanism" },
		{ mechanism: "pager", kind: "pager", kept: true },
	],
	deliveryPolicy: [
		{ mechanism: "im2", kind: "im", kept: true },
		{ mechanism: "email", kind: "email", kept: false, reason: "not-in-configuration" },
		{ mechanism: "pager", kind: "pager", kept: true },
	],
} as const;

const im = { attempt: `${deliveryId}.a1`, mechanism: "im2" } as const;
const pager = { attempt: `${deliveryId}.a2`, mechanism: "pager" } as const;
const question = "John Smith is not available on IM. Send a page?";

export const begun = journal(
	1,
	{ type: "began", at: at(0) },
	{ type: "policies", at: at(0), ...policies },
	{ type: "attempt", at: at(0), ...im, try: 1, until: "delivered", deadline: at(30) },
	{ type: "outcome", at: at(1), ...im, try: 1, outcome: "unavailable", evidence: "no window connected" },
);

export const asked = journal(5, {
	type: "prompt",
	at: at(1),
	prompt: promptId,
	question,
	until: at(301),
	otherwise: "no",
});

export const paged = journal(
	6,
	{ type: "answered", at: at(9), prompt: promptId, answer: "yes" },
	{ type: "prompt-closed", at: at(9), prompt: promptId, question, answer: "yes", by: "sender" },
	{ type: "attempt", at: at(9), ...pager, try: 1, until: "accepted", deadline: at(69) },
	{ type: "outcome", at: at(10), ...pager, try: 1, outcome: "accepted", evidence: "250 Page accepted" },
	{ type: "settled", at: at(10), state: "reached", reason: "accepted", mechanism: "pager" },
);

/** The question is withdrawn because a receipt came. */
export const readMeanwhile = journal(
	6,
	{ type: "receipt", at: at(9), ...im, level: "delivered" },
	{ type: "prompt-withdrawn", at: at(9), prompt: promptId },
	{ type: "settled", at: at(9), state: "reached", reason: "receipt", mechanism: "im2" },
);

export const declined = journal(
	6,
	{ type: "answered", at: at(9), prompt: promptId, answer: "no" },
	{ type: "prompt-closed", at: at(9), prompt: promptId, question, answer: "no", by: "sender" },
	{ type: "settled", at: at(9), state: "unreached", reason: "sender-declined" },
);

export function messageWith(entries: readonly JournalDocument[], more: Partial<MessageDocument> = {}): MessageDocument {
	return {
		id: messageId,
		to: ["jsmith"],
		from: "alice",
		body: "The database is down",
		format: "text",
		properties: { priority: "high", confidential: false, prompts: "ask" },
		acceptedAt: at(0),
		deliveries: [
			{
				id: deliveryId,
				message: messageId,
				recipient: "jsmith",
				state: stateAfter(entries),
				due: null,
				journal: entries,
			},
		],
		...more,
	};
}

export function eventWith(entries: readonly JournalDocument[], delivery = deliveryId): EventDocument {
	return { message: messageId, delivery, state: stateAfter(entries), entries };
}

function stateAfter(entries: readonly JournalDocument[]) {
	const last = entries.at(-1);
	return last?.type === "settled" ? last.state : "waiting";
}

const page = {
	node: "attempt",
	mode: "serial",
	mechanisms: ["pager"],
	until: "accepted",
	within: 60_000,
	branches: [
		{ on: ["pager=accepted"], then: { node: "end", state: "reached", reason: "accepted" } },
		{
			on: ["pager=unavailable", "pager=rejected", "pager=failed", "pager=unknown"],
			then: { node: "end", state: "unreached", reason: "exhausted" },
		},
	],
} as const;

export const explanation: ExplanationDocument = {
	at: at(0),
	deliveries: [
		{
			...policies,
			cut: false,
			tree: {
				node: "attempt",
				mode: "serial",
				mechanisms: ["im2"],
				until: "delivered",
				within: 30_000,
				branches: [
					{ on: ["im2=delivered"], then: { node: "end", state: "reached", reason: "receipt" } },
					{
						on: ["im2=no-receipt", "im2=unavailable", "im2=rejected"],
						then: {
							node: "ask",
							question,
							within: 300_000,
							otherwise: "no",
							branches: [
								{ on: ["yes"], then: page },
								{ on: ["no", "no-answer"], then: { node: "end", state: "unreached", reason: "sender-declined" } },
							],
						},
					},
				],
			},
		},
	],
};
