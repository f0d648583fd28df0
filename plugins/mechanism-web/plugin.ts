/**
 * Instant messages in the browser, over WebSocket. What windows and the mechanism say to each other
 * stands in README.md and, as schemas, in protocol.ts; client.ts speaks it for browsers and Node.
 */
import { DurationSchema, defineMechanism, words } from "@posthaste/core";
import { Type } from "typebox";
import { defaults, type WebAddress, WebInstance, type WebSettings } from "./instance.ts";
import { inboxPattern } from "./protocol.ts";

const closed = { additionalProperties: false } as const;

const settings = Type.Object(
	{
		absent: Type.Optional(
			words(["refuse", "keep"] as const, {
				description:
					"What to do with a message while no window of the inbox is open: refuse it, so that another mechanism is tried, or keep it until one opens",
				default: defaults.absent,
			}),
		),
		keepFor: Type.Optional(
			Type.String({
				...DurationSchema,
				description: "How long a message waits to be shown before it is dropped",
				default: defaults.keepFor,
			}),
		),
		heartbeat: Type.Optional(
			Type.String({
				...DurationSchema,
				description: "How often windows are asked whether they are still there, 100ms at the least",
				default: defaults.heartbeat,
			}),
		),
		maxKept: Type.Optional(
			Type.Integer({
				minimum: 1,
				maximum: 100_000,
				description: "Most messages that wait in one inbox, and most that are remembered after they were shown",
				default: defaults.maxKept,
			}),
		),
	},
	closed,
);

const address = Type.Object(
	{
		inbox: Type.String({
			minLength: 1,
			maxLength: 128,
			pattern: inboxPattern,
			description: "The inbox that the person's windows open: letters, digits and . _ @ + -",
		}),
	},
	closed,
);

export default defineMechanism<WebSettings, WebAddress>({
	id: "web",
	apiVersion: 1,
	version: "1.0.0",
	kind: "im",
	title: "Browser",
	description: "Instant messages in a browser window, with presence, receipts and replies",
	settings,
	address,
	capabilities: {
		presence: true,
		receipts: "acknowledged",
		replies: true,
		retraction: true,
		idempotency: true,
	},
	create: async (given, host) => new WebInstance(given, host),
});
