/**
 * Conditions on a message, in CEL (https://github.com/google/cel-spec), type-checked when they are
 * applied. They see two variables: `message`, and `now` (a timestamp).
 */
import { Environment } from "@marcbachmann/cel-js";
import type { Message, Milliseconds } from "./model.ts";

/** The message as conditions see it. What the sender left out is empty, not missing. */
class MessageFacts {
	readonly id: string;
	readonly to: readonly string[];
	readonly from: string;
	readonly subject: string;
	readonly body: string;
	readonly format: string;
	readonly priority: string;
	readonly category: string;
	readonly confidential: boolean;
	readonly properties: Readonly<Record<string, unknown>>;

	constructor(message: Message) {
		this.id = message.id;
		this.to = message.to;
		this.from = message.from;
		this.subject = message.subject ?? "";
		this.body = message.body;
		this.format = message.format;
		this.priority = message.priority;
		this.category = message.category ?? "";
		this.confidential = message.confidential;
		this.properties = message.properties;
	}
}

const environment = new Environment({ enableOptionalTypes: true })
	.registerType("Message", {
		ctor: MessageFacts,
		fields: {
			id: "string",
			to: "list<string>",
			from: "string",
			subject: "string",
			body: "string",
			format: "string",
			priority: "string",
			category: "string",
			confidential: "bool",
			properties: "map<string, dyn>",
		},
	})
	.registerVariable("message", "Message")
	.registerVariable("now", "google.protobuf.Timestamp");

/** A checked condition, ready to be asked. */
export interface Condition {
	readonly source: string;
	/**
	 * Whether it holds. A condition that fails on this message, for instance because the sender left
	 * out a property it reads or gave it a value that is no truth value, answers `"failed"`: it does
	 * not hold, and the difference can be shown.
	 */
	holds(message: Message, now: Milliseconds): boolean | "failed";
}

/** Where and why a condition is not valid. Offsets count from 0 within the source. */
export interface ConditionError {
	readonly message: string;
	readonly offset: number;
	readonly length: number;
}

export type CompiledCondition =
	| { readonly ok: true; readonly condition: Condition }
	| { readonly ok: false; readonly error: ConditionError };

/** Parses and type-checks a condition; its result has to be a truth value. */
export function compileCondition(source: string): CompiledCondition {
	const checked = environment.check(source);
	if (!checked.valid) {
		return { ok: false, error: describe(checked.error) };
	}
	if (checked.type !== "bool" && checked.type !== "dyn") {
		return {
			ok: false,
			error: {
				message: `it gives a ${checked.type}, and a condition has to give true or false`,
				offset: 0,
				length: source.length,
			},
		};
	}
	return { ok: true, condition: toCondition(source) };
}

function toCondition(source: string): Condition {
	const evaluate = environment.parse(source);
	return {
		source,
		holds(message, now) {
			try {
				const result: unknown = evaluate({ message: factsOf(message), now: new Date(now) });
				return typeof result === "boolean" ? result : "failed";
			} catch {
				return "failed";
			}
		},
	};
}

let lastMessage: Message | undefined;
let lastFacts: MessageFacts | undefined;

/** One message meets many conditions in a row, so the facts of the last one are kept; a weak map would cost the collector more. */
function factsOf(message: Message): MessageFacts {
	if (lastMessage !== message || lastFacts === undefined) {
		lastMessage = message;
		lastFacts = new MessageFacts(message);
	}
	return lastFacts;
}

/** The library's message has the source and a caret below its first line; ours adds them in its own form. */
function describe(error: unknown): ConditionError {
	const { message = String(error), range } = error as { message?: string; range?: { start: number; end: number } };
	const [first = message] = message.split("\n");
	const start = range?.start ?? 0;
	return { message: first, offset: start, length: Math.max(1, (range?.end ?? start + 1) - start) };
}
