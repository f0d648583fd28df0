/** The schemas of answers against the types that the answers have, and the answers against the schemas. */
import type {
	DeliveryDocument,
	EventDocument,
	JournalDocument,
	MessageDocument,
	PromptDocument,
} from "@posthaste/core";
import { type Static, Type } from "typebox";
import { describe, expect, it } from "vitest";
import type { AcceptedDocument } from "./documents.ts";
import type { JournalEntry } from "./journal-schema.ts";
import { type AcceptedSchema, type Delivery, type EventSchema, Message, namedSchemas, type Prompt } from "./schemas.ts";

type Immutable<T> = T extends readonly (infer Element)[]
	? readonly Immutable<Element>[]
	: T extends object
		? { readonly [K in keyof T]: Immutable<T[K]> }
		: T;

/** `true` when each takes the other's values. */
type Same<A, B> = [Immutable<A>] extends [Immutable<B>]
	? [Immutable<B>] extends [Immutable<A>]
		? true
		: false
	: false;

/** A line that does not compile means that a schema and its type have gone apart. */
const agreements = [
	true satisfies Same<Static<typeof JournalEntry>, JournalDocument>,
	true satisfies Same<Static<typeof Delivery>, DeliveryDocument>,
	true satisfies Same<Static<typeof Message>, MessageDocument>,
	true satisfies Same<Static<typeof EventSchema>, EventDocument>,
	true satisfies Same<Static<typeof Prompt>, PromptDocument>,
	true satisfies Same<Static<typeof AcceptedSchema>, AcceptedDocument>,
];

describe("schemas", () => {
	it("agree with the types", () => {
		expect(agreements).not.toContain(false);
	});

	it("have names of their own", () => {
		const names = namedSchemas.map((schema) => (schema as { $id?: string }).$id);
		expect(names.every((name) => /^[A-Z][A-Za-z]+$/.test(name ?? ""))).toBe(true);
		expect(new Set(names).size).toBe(names.length);
	});

	it("keep what TypeBox knows of them when they are given a name", () => {
		expect(Type.IsObject(Message)).toBe(true);
	});
});
