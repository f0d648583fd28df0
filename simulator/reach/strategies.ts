/** The ways to reach somebody that are compared: each mechanism alone, as a script and with retries, and the reference. */
import type { ConfigurationDocument } from "../../packages/posthaste/src/posthaste.ts";
import { type Channel, channels } from "./rates.ts";

type Steps = readonly Readonly<Record<string, unknown>>[];

export interface Strategy {
	readonly name: string;
	/** What it is called in the table. */
	readonly title: string;
	readonly group: Channel | "reference" | "everything";
	/** A script that calls its one mechanism once; what was accepted counts as sent. */
	readonly script?: Channel;
	/** What Posthaste is configured to do with urgent messages and with the others. */
	readonly steps?: { readonly urgent: Steps; readonly normal: Steps };
	/** Every sender has said yes beforehand, with `prompts: yes`, and nobody is asked. */
	readonly unasked?: boolean;
}

const everything = [{ attempt: ["im", "email", "pager"], mode: "parallel", until: "delivered", within: "10m" }];

/** Every five minutes, for as long as the longest-lived message of the comparison. */
const rounds = 48;

function againAndAgain(channel: Channel): { readonly urgent: Steps; readonly normal: Steps } {
	const attempt = channel === "im" ? { attempt: ["im"], until: "delivered", within: "30s" } : { attempt: [channel] };
	const steps = Array.from({ length: rounds }, () => [attempt, { wait: "5m" }]).flat();
	return { urgent: steps, normal: steps };
}

const question = "{recipient.name} is not available on IM. Send a page?";

/** The design's reference configuration. */
const reference = {
	urgent: [{ attempt: ["im", "pager"], mode: "parallel", until: "acknowledged", within: "2m" }],
	normal: [
		{ attempt: ["im"], until: "delivered", within: "30s" },
		{ ask: question, within: "5m", otherwise: "no" },
		{ attempt: ["pager"] },
	],
};

/** The same with receipts asked of the pager too, and email where the reference does without: beside the question, and last. */
const extended = {
	urgent: [
		...reference.urgent,
		{ attempt: ["im", "pager", "email"], mode: "parallel", until: "acknowledged", within: "10m" },
	],
	normal: [
		{ attempt: ["im"], until: "delivered", within: "30s" },
		{ attempt: ["email"], until: "delivered", within: "10s" },
		{ ask: question, within: "5m", otherwise: "no" },
		{ attempt: ["pager"], until: "delivered", within: "3m" },
		{ attempt: ["im", "pager"], mode: "parallel", until: "delivered", within: "10m" },
	],
};

const names = { im: "IM", email: "email", pager: "pager" } as const;

export const strategies: readonly Strategy[] = [
	...channels.flatMap((channel): Strategy[] => [
		{ name: `${channel} once`, title: `${names[channel]} alone, once`, group: channel, script: channel },
		{
			name: `${channel} again`,
			title: `${names[channel]} alone, until it expires`,
			group: channel,
			steps: againAndAgain(channel),
		},
	]),
	{
		name: "everything",
		title: "everything at once",
		group: "everything",
		steps: { urgent: everything, normal: everything },
	},
	{ name: "reference", title: "reference", group: "reference", steps: reference },
	{ name: "unasked", title: "reference, nobody asked", group: "reference", steps: reference, unasked: true },
	{ name: "extended", title: "reference, with email", group: "reference", steps: extended },
];

export function documentOf(
	{ urgent, normal }: NonNullable<Strategy["steps"]>,
	users: readonly string[],
): ConfigurationDocument {
	return {
		mechanisms: Object.fromEntries(channels.map((channel) => [channel, { use: `reach-${channel}` }])),
		managers: {
			standard: {
				use: "sequence",
				configurations: [
					{ name: "urgent", when: 'message.priority == "urgent"', settings: { steps: urgent } },
					{ name: "normal", settings: { steps: normal } },
				],
			},
		},
		selection: [{ manager: "standard" }],
		users: Object.fromEntries(
			users.map((id) => [
				id,
				{ name: id, timezone: "UTC", mechanisms: channels.map((mechanism) => ({ mechanism, address: { to: id } })) },
			]),
		),
	};
}
