/** Where the fields of a YAML document stand in its file. */
import {
	type Document,
	isAlias,
	isMap,
	isScalar,
	isSeq,
	type LineCounter,
	type Node,
	type Pair,
	type Range,
	type Scalar,
	type YAMLMap,
} from "yaml";
import { type Path, parsePath } from "../databases/field-path.ts";
import { excerpt } from "./excerpt.ts";
import { type ScalarStyle, sourceOffset } from "./scalar-offsets.ts";

export interface Place {
	/** From 1. */
	readonly line: number;
	/** From 1, in UTF-16 units. */
	readonly column: number;
	/** The line's text with a caret below the place. */
	readonly excerpt: string;
}

export interface LocateOptions {
	/** Points at the field's key, and not at its value. */
	readonly key?: boolean;
	/** A place within the field's text. */
	readonly within?: { readonly offset: number; readonly length: number };
}

/** A field found in the document, or the nearest one around it that there is. */
interface Found {
	readonly key: Node | undefined;
	readonly value: Node | undefined;
	readonly exact: boolean;
}

export class Positions {
	readonly #document: Document;
	readonly #counter: LineCounter;
	readonly #text: string;

	constructor(document: Document, counter: LineCounter, text: string) {
		this.#document = document;
		this.#counter = counter;
		this.#text = text;
	}

	/** A field, or the nearest one around it that there is: what is missing is shown where it belongs. */
	locate(field: string | Path, options: LocateOptions = {}): Place {
		const path = typeof field === "string" ? (parsePath(field) ?? []) : field;
		const found = this.#find(path);
		if (found.exact && options.within !== undefined && isScalar(found.value)) {
			return this.#within(found.value, options.within);
		}
		const node = this.#pointedAt(found, options.key === true);
		const [start, end] = rangeOf(node) ?? [0, 0];
		return this.placeAt(start, end - start);
	}

	/** The line of a field's key; undefined when there is none. */
	lineOf(path: Path): number | undefined {
		const { key, exact } = this.#find(path);
		const range = rangeOf(key);
		return exact && range !== undefined ? this.#counter.linePos(range[0]).line : undefined;
	}

	placeAt(offset: number, length = 1): Place {
		const { line, col } = this.#counter.linePos(Math.min(offset, this.#text.length));
		const start = this.#counter.lineStarts[line - 1] ?? 0;
		const end = this.#text.indexOf("\n", start);
		const text = this.#text.slice(start, end === -1 ? undefined : end);
		const column = Math.max(1, col);
		return { line: Math.max(1, line), column, excerpt: excerpt(text, column, length) };
	}

	/** A collection is shown at its key, since its value may be many lines; a scalar at its value. */
	#pointedAt({ key, value, exact }: Found, wantsKey: boolean): Node | undefined {
		if (!exact || wantsKey) {
			return key ?? value;
		}
		return isScalar(value) || isAlias(value) || key === undefined ? (value ?? key) : key;
	}

	#within(scalar: Scalar, { offset, length }: { readonly offset: number; readonly length: number }): Place {
		const [start] = rangeOf(scalar) ?? [0];
		const value = String(scalar.value);
		const style = styleOf(scalar);
		const from = sourceOffset(this.#text, start, style, value, offset);
		const last = sourceOffset(this.#text, start, style, value, Math.max(offset, offset + length - 1));
		return this.placeAt(from, last - from + 1);
	}

	#find(path: Path): Found {
		let key: Node | undefined;
		let value = this.#document.contents as Node | null;
		for (const segment of path) {
			const child = childOf(resolve(value, this.#document), segment, this.#document);
			if (child === undefined) {
				return { key, value: value ?? undefined, exact: false };
			}
			key = child.key;
			value = child.value;
		}
		return { key, value: value ?? undefined, exact: true };
	}
}

function resolve(node: Node | null, document: Document): Node | undefined {
	return (isAlias(node) ? node.resolve(document) : node) ?? undefined;
}

function childOf(
	node: Node | undefined,
	segment: string | number,
	document: Document,
): { readonly key: Node | undefined; readonly value: Node | null } | undefined {
	if (isSeq(node) && typeof segment === "number") {
		const item = node.items[segment] as Node | undefined;
		return item === undefined ? undefined : { key: undefined, value: item };
	}
	if (!isMap(node)) {
		return undefined;
	}
	const pairs = pairsOf(node);
	const own = pairs.get(String(segment));
	if (own !== undefined) {
		return { key: own.key as Node, value: own.value as Node | null };
	}
	const merge = pairs.get("<<");
	return merge === undefined ? undefined : mergedChild(merge, segment, document);
}

const indexes = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

/** The pairs of a map by their key, so that thousands of users are each found at once. */
function pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
	let index = indexes.get(map);
	if (index === undefined) {
		index = new Map(map.items.map((pair) => [keyText(pair), pair]));
		indexes.set(map, index);
	}
	return index;
}

/** Keys that come through `<<: *anchor` stand where the anchor is. */
function mergedChild(merge: Pair, segment: string | number, document: Document): ReturnType<typeof childOf> {
	const value = resolve(merge.value as Node | null, document);
	const sources = isSeq(value) ? (value.items as Node[]) : [value];
	for (const source of sources) {
		const child = childOf(resolve(source ?? null, document), segment, document);
		if (child !== undefined) {
			return child;
		}
	}
	return undefined;
}

/** A key as it stands in the plain document. */
export function keyText({ key }: Pair): string {
	return isScalar(key) ? String(key.source ?? key.value) : String(key);
}

function rangeOf(node: Node | undefined): Range | undefined {
	return node?.range ?? undefined;
}

function styleOf({ type }: Scalar): ScalarStyle {
	switch (type) {
		case "QUOTE_SINGLE":
			return "single";
		case "QUOTE_DOUBLE":
			return "double";
		case "BLOCK_LITERAL":
		case "BLOCK_FOLDED":
			return "block";
		default:
			return "plain";
	}
}
