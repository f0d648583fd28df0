/**
 * Looks at what a plugin says before the program acts on it: a plugin may be written in anything, so
 * nothing is taken on trust.
 */
import { managerApiVersion, mechanismApiVersion } from "@posthaste/core";
import { JSONRPCErrorCode, JSONRPCErrorException } from "json-rpc-2.0";
import type { TSchema } from "typebox";
import { formatPath } from "../databases/field-path.ts";
import { shapeFindings, validatorOf } from "../databases/shape.ts";
import { hostMethods, hostNotices, pluginMethods } from "./methods.ts";
import type { Description, PluginMethods } from "./protocol.ts";
import { longestEvidence, ManagerDescriptionShape, MechanismDescriptionShape } from "./shapes.ts";

/** A plugin answered with something that the contract does not know. */
export class BadAnswer extends Error {}

/**
 * A plugin's answer, its long texts cut.
 * @throws BadAnswer when it has another shape than the method's result
 */
export function checkedAnswer<Name extends keyof PluginMethods>(
	name: Name,
	answer: unknown,
): PluginMethods[Name]["result"] {
	if (name === "initialize") {
		return checkedDescription(answer) as PluginMethods[Name]["result"];
	}
	const complaint = complaintAbout(pluginMethods[name].result, answer);
	if (complaint !== undefined) {
		throw new BadAnswer(`its answer to \`${name}\` is not understood: ${complaint}`);
	}
	return withShortTexts(answer as object) as PluginMethods[Name]["result"];
}

const asked: Readonly<Record<string, { readonly params: TSchema } | undefined>> = { ...hostMethods, ...hostNotices };

/**
 * What a plugin hands in when it calls, its long texts cut.
 * @throws JSONRPCErrorException -32602 when it has another shape than the method's or notice's parameters
 */
export function checkedParams(name: string, params: unknown): unknown {
	const schema = asked[name]?.params;
	const complaint = schema && complaintAbout(schema, params);
	if (complaint !== undefined) {
		throw new JSONRPCErrorException(`\`${name}\`: ${complaint}`, JSONRPCErrorCode.InvalidParams);
	}
	return withShortTexts(params as object);
}

/**
 * What a plugin says it is, which has to be something that this program can work with.
 * @throws BadAnswer with what is wrong
 */
export function checkedDescription(answer: unknown): Description {
	const description = answer as Description;
	const type = description?.type;
	if (type !== "manager" && type !== "mechanism") {
		throw new BadAnswer("what it says it is has no `type`, which is manager or mechanism");
	}
	const shape = type === "manager" ? ManagerDescriptionShape : MechanismDescriptionShape;
	const complaint = complaintAbout(shape, description);
	if (complaint !== undefined) {
		throw new BadAnswer(`what it says it is is not understood: ${complaint}`);
	}
	demandVersion(description);
	demandSchema("settings", description.settings);
	if (description.type !== "mechanism") {
		return description;
	}
	demandSchema("address", description.address);
	// Attempts are handed over one by one, whatever it could take.
	const { batch: _, ...capabilities } = description.capabilities;
	return { ...description, capabilities };
}

function demandVersion({ type, id, apiVersion }: Description): void {
	const expected = type === "manager" ? managerApiVersion : mechanismApiVersion;
	if (apiVersion !== expected) {
		throw new BadAnswer(
			`${type} plugin "${id}" speaks version ${apiVersion} of the contract; this program speaks ${expected}`,
		);
	}
}

function demandSchema(name: string, schema: object): void {
	try {
		validatorOf(schema as TSchema).Check({});
	} catch (error) {
		throw new BadAnswer(`its \`${name}\` is no JSON Schema: ${error instanceof Error ? error.message : error}`);
	}
}

/** The first thing that is wrong with a value, in words; undefined when it fits. */
function complaintAbout(schema: TSchema, value: unknown): string | undefined {
	const [first] = shapeFindings(schema, value, [], "invalid-settings");
	return first && `${first.path.length === 0 ? "it" : `\`${formatPath(first.path)}\``} ${first.message}`;
}

/** Texts that end in the journal, or before people, and may have come from anywhere. */
const cut = ["evidence", "detail"] as const;

function withShortTexts(said: object): object {
	const long = cut.filter((key) => String((said as Record<string, unknown>)[key] ?? "").length > longestEvidence);
	if (long.length === 0) {
		return said;
	}
	const shortened = long.map((key) => [
		key,
		`${String((said as Record<string, unknown>)[key]).slice(0, longestEvidence)}…`,
	]);
	return { ...said, ...Object.fromEntries(shortened) };
}
