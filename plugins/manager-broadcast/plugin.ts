/**
 * The `broadcast` manager: every mechanism at once, and the first receipt of the level asked for
 * (an acknowledgement, unless the settings say otherwise) ends it.
 */
import { attempt, DurationSchema, defineManager, durationOf, words } from "@posthaste/core";
import { type Static, Type } from "typebox";

const SettingsSchema = Type.Object(
	{
		mechanisms: Type.Optional(
			Type.Array(Type.String({ minLength: 1 }), {
				minItems: 1,
				maxItems: 64,
				description: "Mechanisms to use, by name or by kind; all of the recipient's when left out",
			}),
		),
		until: Type.Optional(
			words(["accepted", "delivered", "read", "acknowledged"] as const, {
				description: "What ends the broadcast",
				default: "acknowledged",
			}),
		),
		within: Type.Optional(DurationSchema),
	},
	{ additionalProperties: false },
);

type Settings = Static<typeof SettingsSchema>;

export default defineManager<Settings>({
	id: "broadcast",
	apiVersion: 1,
	version: "1.0.0",
	title: "All at once",
	description: "Uses every mechanism at the same time; the first acknowledgement ends it and takes the rest back.",
	settings: SettingsSchema,

	allows: ({ mechanisms }) => mechanisms ?? "all",

	*deliver({ policy, settings }) {
		const everything = policy.map((entry) => entry.mechanism);
		yield* attempt(settings.mechanisms ?? everything, {
			mode: "parallel",
			until: settings.until ?? "acknowledged",
			within: durationOf(settings.within ?? "10m"),
		});
	},
});
