/** What the measurements run on: the whole engine and its store, over a mechanism that accepts at once. */
import { type Attempt, defineMechanism, type MechanismPlugin } from "@posthaste/core";
import { Type } from "typebox";
import type { ConfigurationDocument } from "../posthaste.ts";

/** Accepts everything and does nothing, so that what is measured is Posthaste alone. */
export const instant: MechanismPlugin<unknown, { to: string }> = defineMechanism({
	id: "bench-instant",
	apiVersion: 1,
	version: "1.0.0",
	kind: "im",
	title: "Accepts at once",
	settings: Type.Object({}, { additionalProperties: false }),
	address: Type.Object({ to: Type.String() }, { additionalProperties: false }),
	capabilities: {},
	async create() {
		return {
			send: async (_attempt: Attempt<{ to: string }>) => ({ outcome: "accepted", evidence: "250 ok" }) as const,
			close: async () => undefined,
		};
	},
});

export const benchConfiguration: ConfigurationDocument = {
	mechanisms: { im: { use: "bench-instant" } },
	managers: {
		standard: {
			use: "sequence",
			configurations: [
				{
					name: "urgent",
					when: 'message.priority == "urgent"',
					settings: { steps: [{ attempt: ["im"], mode: "parallel" }] },
				},
				{ name: "normal", settings: { steps: [{ attempt: ["im"] }] } },
			],
		},
	},
	selection: [{ manager: "standard" }],
	users: Object.fromEntries(
		Array.from({ length: 100 }, (_, index) => [
			`user${index}`,
			{ name: `User ${index}`, mechanisms: [{ mechanism: "im", address: { to: `user${index}@example.com` } }] },
		]),
	),
};

export const body = "The nightly build has failed on the release branch; the log is attached to the ticket. ".repeat(2);

export function draft(index: number) {
	return { to: [`user${index % 100}`], from: "bench", subject: "Build", body };
}
