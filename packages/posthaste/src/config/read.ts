/** Reads a configuration file: YAML 1.2, strictly, with the place of every field. */
import { type Complaint, PosthasteError, thrownText } from "@posthaste/core";
import { type Alias, type Document, isAlias, isCollection, LineCounter, type Node, parseDocument, visit } from "yaml";
import type { Path } from "../databases/field-path.ts";
import type { ConfigurationDocument } from "../posthaste.ts";
import { keyText, type LocateOptions, type Place, Positions } from "./positions.ts";

export interface ConfigurationFile {
	readonly path: string;
	/** As it was written: its databases and records still have to be checked. */
	readonly document: ConfigurationDocument;
	/** The line on which a record is defined, for `managedBy`. */
	readonly lineOf: (database: string, key: string) => number;
	/** Where a field of a complaint stands. */
	readonly locate: (field: string | Path, options?: LocateOptions) => Place;
}

/** Characters. Users beyond this belong into the user database, not into a file. */
const largestFile = 8 * 1024 * 1024;

/** Expansions of one anchor; the library counts nested ones with each other. */
const mostAliases = 1000;

/**
 * @param path names the file in complaints and in `managedBy`
 * @throws PosthasteError `invalid-configuration` with file, line, column and an excerpt for each complaint
 */
export function readConfiguration(text: string, path: string): ConfigurationFile {
	if (text.length > largestFile) {
		throw new PosthasteError("invalid-configuration", `${path} is larger than ${largestFile} characters`);
	}
	const counter = new LineCounter();
	const document = parse(text, counter, path);
	const positions = new Positions(document, counter, text);
	refuse(path, positions, syntaxProblems(document));
	refuse(path, positions, [...duplicateKeys(document), ...aliasProblems(document)]);
	if (document.contents === null) {
		const message = "the file is empty; write {} to define nothing";
		refuse(path, positions, [{ offset: 0, length: 1, message }]);
	}
	return {
		path,
		document: toPlain(document, path, positions),
		lineOf: (database, key) => lineOfRecord(positions, database, key),
		locate: (field, options) => positions.locate(field, options),
	};
}

function parse(text: string, counter: LineCounter, path: string): Document {
	try {
		return parseDocument(text, {
			lineCounter: counter,
			prettyErrors: false,
			strict: true,
			stringKeys: true,
			// The library compares each key with all others, which thousands of users make slow.
			uniqueKeys: false,
			merge: true,
			resolveKnownTags: false,
			version: "1.2",
			schema: "core",
			// "silent" would also keep quiet about a second document.
			logLevel: "error",
		}) as Document;
	} catch (error) {
		const message = thrownText(error);
		throw new PosthasteError("invalid-configuration", `${path}: ${message}`, [{ field: "", message, file: path }]);
	}
}

interface Problem {
	readonly offset: number;
	readonly length: number;
	readonly message: string;
}

/** The library's words where they are plain, our own where they speak to its programmers. */
const words: Readonly<Record<string, string>> = {
	MULTIPLE_DOCS: "a configuration is a single document; remove this `---`",
	NON_STRING_KEY: "a key has to be a plain word",
	TAB_AS_INDENT: "a tab cannot indent in YAML; use spaces",
};

function syntaxProblems({ errors, warnings, directives }: Document): readonly Problem[] {
	const version = directives?.yaml;
	const old = version?.explicit === true && version.version !== "1.2";
	return [
		...(old ? [{ offset: 0, length: 1, message: "only YAML 1.2 is read" }] : []),
		// Warnings are about tags that nobody resolves, and about keys that would not mean what they seem to.
		...[...errors, ...warnings].map(({ code, message, pos: [start, end] }) => ({
			offset: start,
			length: end - start,
			message: words[code] ?? message,
		})),
	];
}

function duplicateKeys(document: Document): readonly Problem[] {
	const problems: Problem[] = [];
	visit(document, {
		Map: (_, map) => {
			const seen = new Set<string>();
			for (const pair of map.items) {
				const key = keyText(pair);
				if (seen.has(key)) {
					const [start = 0, end = 1] = (pair.key as Node).range ?? [];
					problems.push({ offset: start, length: end - start, message: "this key stands here twice" });
				}
				seen.add(key);
			}
		},
	});
	return problems;
}

/** Aliases to nothing, and aliases within what they stand for, which would never end. */
function aliasProblems(document: Document): readonly Problem[] {
	const problems: Problem[] = [];
	visit(document, {
		Alias: (_, alias, ancestors) => {
			const message = aliasProblem(alias, ancestors as readonly unknown[], document);
			if (message !== undefined) {
				const [start = 0, end = 1] = alias.range ?? [];
				problems.push({ offset: start, length: end - start, message });
			}
		},
	});
	return problems;
}

function aliasProblem(alias: Alias, ancestors: readonly unknown[], document: Document): string | undefined {
	const target = alias.resolve(document);
	if (target === undefined) {
		return `there is no anchor &${alias.source} before this alias`;
	}
	return isCollection(target) && ancestors.includes(target) ? "an alias cannot stand within its own anchor" : undefined;
}

function toPlain(document: Document, path: string, positions: Positions): ConfigurationDocument {
	let plain: unknown;
	try {
		plain = document.toJS({ maxAliasCount: mostAliases });
	} catch (error) {
		const message = thrownText(error);
		const first = firstAlias(document);
		refuse(path, positions, [{ offset: first?.range?.[0] ?? 0, length: 1, message }]);
	}
	if (typeof plain !== "object" || plain === null || Array.isArray(plain)) {
		return plain as ConfigurationDocument;
	}
	// A section with everything below it commented out is an empty one.
	const sections = Object.entries(plain).filter(([, value]) => value !== null);
	return Object.fromEntries(sections);
}

function firstAlias(document: Document): Node | undefined {
	let found: Node | undefined;
	visit(document, (_, node) => {
		if (isAlias(node)) {
			found = node;
			return visit.BREAK;
		}
		return undefined;
	});
	return found;
}

function lineOfRecord(positions: Positions, database: string, key: string): number {
	const line =
		database === "selection"
			? (positions.lineOf(["selection"]) ?? positions.lineOf(["defaultManager"]))
			: positions.lineOf([database, key]);
	return line ?? 1;
}

/** @throws PosthasteError when there is any problem */
function refuse(path: string, positions: Positions, problems: readonly Problem[]): void {
	const complaints = problems.slice(0, 100).map(
		({ offset, length, message }): Complaint => ({
			field: "",
			message,
			file: path,
			...positions.placeAt(offset, length),
		}),
	);
	const [first] = complaints;
	if (first !== undefined) {
		const detail = `${path}:${first.line}:${first.column}: ${first.message}`;
		throw new PosthasteError("invalid-configuration", detail, complaints);
	}
}
