/** From the compose form to a draft, and from a problem back to the form's fields. */
import {
	type Draft,
	type ErrorCode,
	type Priority,
	type Problem,
	parseDuration,
	type StandingAnswer,
} from "@posthaste/core";

export interface ComposeValues {
	readonly to: string[];
	readonly from: string;
	readonly subject: string;
	readonly body: string;
	readonly format: "text" | "markdown";
	readonly priority: Priority;
	readonly expires: string;
	readonly category: string;
	readonly confidential: boolean;
	readonly prompts: StandingAnswer;
	/** Empty lets the rules choose. */
	readonly manager: string;
}

export type ComposeField = keyof ComposeValues;

export const blankMessage = {
	subject: "",
	body: "",
	format: "text",
	priority: "normal",
	expires: "",
	category: "",
	confidential: false,
	prompts: "ask",
	manager: "",
} as const satisfies Partial<ComposeValues>;

/** What the sender left as it was stays out, so that the program's defaults hold. */
export function toDraft(values: ComposeValues): Draft {
	const properties = {
		...(values.priority !== "normal" && { priority: values.priority }),
		...(values.expires.trim() !== "" && { expires: values.expires.trim() }),
		...(values.category.trim() !== "" && { category: values.category.trim() }),
		...(values.confidential && { confidential: true }),
		...(values.prompts !== "ask" && { prompts: values.prompts }),
	};
	return {
		to: values.to,
		from: values.from.trim(),
		body: values.body,
		...(values.subject.trim() !== "" && { subject: values.subject.trim() }),
		...(values.format !== "text" && { format: values.format }),
		...(Object.keys(properties).length > 0 && { properties }),
		...(values.manager !== "" && { manager: values.manager }),
	};
}

/** What can be said without asking the program; the rest is the program's to judge. */
export function checkValues(values: ComposeValues): Partial<Record<ComposeField, string>> {
	return {
		...(values.to.length === 0 && { to: "Name at least one user." }),
		...(values.from.trim() === "" && { from: "Say who is sending; questions go to them." }),
		...(values.body.trim() === "" && { body: "Write a message." }),
		...(!isExpiry(values.expires.trim()) && {
			expires: "Write a length of time such as 10m, or a moment such as 2030-01-31T18:00:00Z.",
		}),
	};
}

function isExpiry(text: string): boolean {
	return text === "" || parseDuration(text) !== undefined || !Number.isNaN(Date.parse(text));
}

const fields: ReadonlySet<string> = new Set<ComposeField>([
	"to",
	"from",
	"subject",
	"body",
	"format",
	"priority",
	"expires",
	"category",
	"confidential",
	"prompts",
	"manager",
]);

/** Problems about one field that come without a list of errors. */
const fieldOfCode: Partial<Record<ErrorCode, ComposeField>> = {
	"empty-body": "body",
	"too-large": "body",
	"no-recipients": "to",
	"unknown-recipient": "to",
	"unknown-manager": "manager",
	"no-manager": "manager",
	"no-configuration": "manager",
	"already-expired": "expires",
};

/** What a problem says about each field of the form; what it says beyond that stands in the alert. */
export function fieldErrors(problem: Problem): Partial<Record<ComposeField, string>> {
	const found: Partial<Record<ComposeField, string>> = {};
	for (const { field, message } of problem.errors ?? []) {
		const name = fieldOf(field);
		if (name !== undefined) {
			found[name] = found[name] === undefined ? message : `${found[name]} ${message}`;
		}
	}
	const named = fieldOfCode[problem.code];
	return Object.keys(found).length === 0 && named !== undefined ? { [named]: problem.detail } : found;
}

/** `to[0]`, `/to/0` and `properties.expires` all stand for a field of the form. */
export function fieldOf(path: string): ComposeField | undefined {
	const steps = path.split(/[./[\]]+/).filter((step) => step !== "");
	const name = steps[0] === "properties" ? steps[1] : steps[0];
	return name !== undefined && fields.has(name) ? (name as ComposeField) : undefined;
}
