/**
 * Tries mechanisms one after the other, and asks the sender before the last one. It yields effects
 * (`attempt`, `askSender`, `wait`, `note`); the program carries them out, and ends the delivery as soon
 * as one brings what it asked for.
 */
import { askSender, attempt, DurationSchema, defineManager, durationOf, LevelSchema } from "@posthaste/core";
import { type Static, Type } from "typebox";
import manifest from "./package.json" with { type: "json" };

const SettingsSchema = Type.Object(
	{
		mechanisms: Type.Array(Type.String({ minLength: 1 }), {
			minItems: 1,
			maxItems: 64,
			uniqueItems: true,
			description: "Mechanisms by name or by kind (`im`, `kind:im`), in this order; the last one after asking",
		}),
		until: Type.Optional(LevelSchema),
		within: Type.Optional(
			Type.String({ ...DurationSchema, description: "How long each mechanism has", default: "1m" }),
		),
		answerWithin: Type.Optional(
			Type.String({ ...DurationSchema, description: "How long the sender has to answer", default: "5m" }),
		),
	},
	{ additionalProperties: false, description: "One mechanism after the other, the last one after asking" },
);

type Settings = Static<typeof SettingsSchema>;

export default defineManager<Settings>({
	id: "plugin-name",
	// The contract this was written for. Write the number: the program compares it with what it speaks.
	apiVersion: 1,
	version: manifest.version,
	title: "Plugin name",
	description: "Tries mechanisms one after the other, and asks the sender before the last one.",
	settings: SettingsSchema,

	allows: ({ mechanisms }) => mechanisms,

	*deliver({ recipient, settings: { mechanisms, until = "accepted", within = "1m", answerWithin = "5m" } }) {
		const options = { until, within: durationOf(within) };
		const first = mechanisms.slice(0, -1);
		const last = mechanisms.slice(-1);
		if (first.length > 0) {
			yield* attempt(first, options);
			const question = `${recipient.name} was not reached yet. Try ${last}?`;
			const { answer } = yield* askSender(question, { within: durationOf(answerWithin), otherwise: "no" });
			if (answer === "no") {
				return;
			}
		}
		yield* attempt(last, options);
	},
});
