/**
 * Secrets in settings. `${env:NAME}` stands for an environment variable and stays as written in every
 * stored record; it is resolved only when a mechanism is made. A secret written in plain text is shown
 * as {@link secretMask}, and writing the mask back keeps what is stored.
 */
import { PosthasteError } from "@posthaste/core";
import { Value } from "typebox/value";
import { formatPath, type Path, valueAt } from "./field-path.ts";
import { type JsonSchema, mapTexts } from "./schema-walk.ts";

export type Environment = Readonly<Record<string, string | undefined>>;
export type SettingsValue = Readonly<Record<string, unknown>>;

/** What stands in place of a secret wherever settings are shown. */
export const secretMask = "********";

const reference = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g;
const onlyReferences = /^(\$\{env:[A-Za-z_][A-Za-z0-9_]*\})+$/;

/** Whether a text begins a reference to the environment, well formed or not. */
export function mentionsEnvironment(text: string): boolean {
	return text.includes("${env:");
}

export interface ResolveProblem {
	readonly path: Path;
	readonly message: string;
}

/** The settings with every reference replaced, and what could not be. */
export function tryResolve(
	settings: SettingsValue,
	env: Environment,
	schema: object = {},
): { readonly settings: SettingsValue; readonly problems: readonly ResolveProblem[] } {
	const problems: ResolveProblem[] = [];
	const resolved = mapTexts(schema as JsonSchema, settings, (text, path, schemas) => {
		if (!mentionsEnvironment(text)) {
			return text;
		}
		const replaced = replaceReferences(text, env, (message) => problems.push({ path, message }));
		return onlyReferences.test(text) ? asSchemaWants(replaced, schemas) : replaced;
	});
	return { settings: resolved as SettingsValue, problems };
}

function replaceReferences(text: string, env: Environment, complain: (message: string) => void): string {
	const rest = text.replace(reference, "");
	if (mentionsEnvironment(rest)) {
		complain(`holds a reference that is not well formed; write \${env:NAME}`);
	}
	return text.replace(reference, (_, name: string) => {
		const value = env[name];
		if (value === undefined) {
			complain(`the environment variable ${name} is not set`);
		}
		return value ?? "";
	});
}

/** An environment variable is text; where the schema wants a number or a truth value it becomes one. */
function asSchemaWants(text: string, schemas: readonly JsonSchema[]): unknown {
	const wanted = schemas.find(({ type }) => type === "number" || type === "integer" || type === "boolean");
	return wanted === undefined || schemas.some(({ type }) => type === "string")
		? text
		: Value.Convert(wanted as never, text);
}

/**
 * The settings with every `${env:NAME}` replaced by the variable's value. Given the schema, a setting
 * that is a number or a truth value there becomes one.
 * @throws PosthasteError `invalid-settings` naming the field and the variable that is not set
 */
export function resolveSecrets(
	settings: SettingsValue,
	env: Environment,
	schema: object = {},
	at: Path = ["settings"],
): SettingsValue {
	const { settings: resolved, problems } = tryResolve(settings, env, schema);
	const [first] = problems;
	if (first !== undefined) {
		const complaints = problems.map(({ path, message }) => ({
			field: formatPath([...at, ...path]),
			message,
		}));
		throw new PosthasteError("invalid-settings", `${complaints[0]?.field}: ${first.message}`, complaints);
	}
	return resolved;
}

const isSecret = (schemas: readonly JsonSchema[]) => schemas.some(({ secret }) => secret === true);

/** Settings fit to be shown: secrets in plain text are masked, references stay as they are. */
export function maskSecrets(schema: object | undefined, settings: SettingsValue): SettingsValue {
	// Without its plugin nobody knows which setting is a secret, so all of them may be.
	const masked = mapTexts((schema ?? {}) as JsonSchema, settings, (text, _, schemas) =>
		(schema === undefined || isSecret(schemas)) && !onlyReferences.test(text) ? secretMask : text,
	);
	return masked as SettingsValue;
}

/** Settings as they are to be stored: where a secret is masked, what is stored already stays. */
export function restoreSecrets(schema: object, settings: SettingsValue, stored?: SettingsValue): SettingsValue {
	const restored = mapTexts(schema as JsonSchema, settings, (text, path, schemas) => {
		if (text !== secretMask || !isSecret(schemas)) {
			return text;
		}
		const kept = valueAt(stored, path);
		return typeof kept === "string" ? kept : text;
	});
	return restored as SettingsValue;
}

/** Where a mask stands that nothing stored can replace. */
export function leftMasks(schema: object, settings: SettingsValue): readonly Path[] {
	const left: Path[] = [];
	mapTexts(schema as JsonSchema, settings, (text, path, schemas) => {
		if (text === secretMask && isSecret(schemas)) {
			left.push(path);
		}
		return text;
	});
	return left;
}

/** Settings after a change, to be shown beside the ones before: a secret that changed says so. */
export function maskChanged(schema: object | undefined, after: SettingsValue, before: SettingsValue): SettingsValue {
	const masked = maskSecrets(schema, after);
	const shown = mapTexts({}, masked, (text, path) =>
		text === secretMask && valueAt(after, path) !== valueAt(before, path) ? `${secretMask} (changed)` : text,
	);
	return shown as SettingsValue;
}
