/**
 * The `sequence` manager: one step after the other, until one brings what it asks for.
 */
import {
	askSender,
	attempt,
	DurationSchema,
	defineManager,
	durationOf,
	LevelSchema,
	note,
	wait,
	words,
} from "@posthaste/core";
import { type Static, Type } from "typebox";

const StepSchema = Type.Object(
	{
		attempt: Type.Optional(
			Type.Array(Type.String({ minLength: 1 }), {
				minItems: 1,
				maxItems: 64,
				description: "Mechanisms to attempt, by name or by kind (`im`, `kind:im`), in this order",
			}),
		),
		mode: Type.Optional(
			words(["serial", "parallel"] as const, { description: "One after the other (when left out), or all at once" }),
		),
		until: Type.Optional(LevelSchema),
		ask: Type.Optional(
			Type.String({
				minLength: 1,
				maxLength: 1000,
				description: "A question to the sender; {recipient.name} and {message.subject} are filled in",
			}),
		),
		otherwise: Type.Optional(
			words(["yes", "no"] as const, { description: "What no answer counts as; `no` when left out" }),
		),
		within: Type.Optional(DurationSchema),
		wait: Type.Optional(DurationSchema),
		note: Type.Optional(Type.String({ minLength: 1, maxLength: 1000, description: "A sentence for the journal" })),
	},
	{ additionalProperties: false, description: "Exactly one of attempt, ask, wait and note, with what belongs to it" },
);

const SettingsSchema = Type.Object(
	{ steps: Type.Array(StepSchema, { minItems: 1, maxItems: 100, description: "What to do, in order" }) },
	{ additionalProperties: false },
);

type Step = Static<typeof StepSchema>;
type Settings = Static<typeof SettingsSchema>;

/** What may stand beside each kind of step. */
const companions = {
	attempt: ["mode", "until", "within"],
	ask: ["within", "otherwise"],
	wait: [],
	note: [],
} as const satisfies Record<string, readonly (keyof Step)[]>;

function kindOf(step: Step): keyof typeof companions | undefined {
	const kinds = (Object.keys(companions) as (keyof typeof companions)[]).filter((kind) => step[kind] !== undefined);
	return kinds.length === 1 ? kinds[0] : undefined;
}

export default defineManager<Settings>({
	id: "sequence",
	apiVersion: 1,
	version: "1.0.0",
	title: "One step after the other",
	description:
		"Attempts mechanisms serially or in parallel, asks the sender, waits, and goes on until a step brings what it asks for.",
	settings: SettingsSchema,

	allows: ({ steps }) => steps.flatMap((step) => step.attempt ?? []),

	check: ({ steps }) =>
		steps.flatMap((step, index) => complaints(step).map((complaint) => `steps[${index}]${complaint}`)),

	*deliver({ message, recipient, settings }) {
		for (const step of settings.steps) {
			if (step.attempt !== undefined) {
				yield* attempt(step.attempt, options(step));
			} else if (step.ask !== undefined) {
				const question = fill(step.ask, { "recipient.name": recipient.name, "message.subject": message.subject ?? "" });
				const { answer } = yield* askSender(question, options(step));
				if (answer === "no") {
					return;
				}
			} else if (step.wait !== undefined) {
				yield* wait(durationOf(step.wait));
			} else if (step.note !== undefined) {
				yield* note(step.note);
			}
		}
	},
});

/** What a step says beyond the defaults, lengths of time in milliseconds. */
function options({ mode, until, within, otherwise }: Step) {
	return {
		...(mode !== undefined && { mode }),
		...(until !== undefined && { until }),
		...(otherwise !== undefined && { otherwise }),
		...(within !== undefined && { within: durationOf(within) }),
	};
}

const placeholder = /\{([^{}]*)\}/g;
const placeholders = ["recipient.name", "message.subject"];

function fill(template: string, values: Readonly<Record<string, string>>): string {
	return template.replace(placeholder, (whole, name: string) => values[name] ?? whole);
}

/** What the schema cannot say: one kind of step at a time, and nothing beside it that it would ignore. */
function complaints(step: Step): readonly string[] {
	const kind = kindOf(step);
	if (kind === undefined) {
		return [": a step has exactly one of attempt, ask, wait and note"];
	}
	const allowed: readonly string[] = [kind, ...companions[kind]];
	const strangers = Object.keys(step).filter((key) => !allowed.includes(key));
	const unknown = [...(step.ask ?? "").matchAll(placeholder)].filter(([, name]) => !placeholders.includes(name ?? ""));
	return [
		...strangers.map((key) => `.${key}: does not belong to a step with ${kind}`),
		...unknown.map(
			([whole]) => `.ask: ${whole} is not known; ${placeholders.map((name) => `{${name}}`).join(" and ")} are`,
		),
	];
}
