/** Pieces that the schemas of answers are made of. */
import { type ErrorCode, words } from "@posthaste/core";
import { type TProperties, type TSchema, Type } from "typebox";

/**
 * The schema with a name of its own in the OpenAPI document, and the code of its errors where that is
 * not `invalid-request`. TypeBox keeps what it knows in hidden members, so descriptors are copied.
 */
export function named<Schema extends TSchema>(name: string, schema: Schema, errorCode?: ErrorCode): Schema {
	const members = { $id: name, ...(errorCode !== undefined && { errorCode }) };
	const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(schema));
	return Object.assign(copy, members) as unknown as Schema;
}

/** A closed set of words that stands as the keys of a table, such as the reasons. */
export function keysOf<Table extends object>(table: Table, description: string) {
	return words(Object.keys(table) as Extract<keyof Table, string>[], { description });
}

/** A moment, as `toWire` writes it. */
export function moment(description: string) {
	return Type.String({ format: "date-time", description });
}

/** A page of a list. */
export function pageOf<Item extends TSchema>(item: Item, description: string) {
	return Type.Object(
		{
			items: Type.Array(item),
			next: Type.Optional(Type.String({ description: "Hand it back as `cursor` for the next page" })),
		},
		{ description },
	);
}

/** Free-form members: whatever a sender, a user or a plugin put there. */
export function freeForm(description: string) {
	return Type.Record(Type.String(), Type.Unknown(), { description });
}

export const Answer = words(["yes", "no"] as const);
export const Sequence = Type.Integer({ minimum: 1, description: "Number within the delivery" });

/** An object that says nothing about members it does not name, so that later versions may add some. */
export function document<Properties extends TProperties>(properties: Properties, description?: string) {
	return Type.Object(properties, description === undefined ? {} : { description });
}
