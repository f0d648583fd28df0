/** A plugin's settings: with its defaults and the environment's values, and checked against its schema. */
import { type ManagerPlugin, type MechanismPlugin, thrownText } from "@posthaste/core";
import { Value } from "typebox/value";
import { type Path, parsePath } from "./field-path.ts";
import type { Finding } from "./finding.ts";
import { mapTexts } from "./schema-walk.ts";
import { type Environment, leftMasks, mentionsEnvironment, type SettingsValue, tryResolve } from "./secrets.ts";
import { shapeFindings } from "./shape.ts";

export interface CheckedSettings {
	/** With defaults, and for mechanisms with the environment's values: what the plugin gets. */
	readonly settings: SettingsValue;
	readonly findings: readonly Finding[];
}

/** Settings with the schema's defaults filled in; the value handed in stays as it is. */
export function withDefaults(schema: object, settings: SettingsValue): SettingsValue {
	return Value.Default(schema as never, structuredClone(settings)) as SettingsValue;
}

export function checkMechanismSettings(
	plugin: MechanismPlugin,
	written: SettingsValue,
	env: Environment,
	at: Path,
): CheckedSettings {
	const { settings, problems } = tryResolve(written, env, plugin.settings);
	const complete = withDefaults(plugin.settings, settings);
	const masks = leftMasks(plugin.settings, settings).map((path) =>
		invalid([...at, ...path], `is the mask of a secret that is not stored; write the secret, or \${env:NAME}`),
	);
	const unresolved = problems.map(({ path, message }) => invalid([...at, ...path], message));
	// What an unresolved reference leaves behind would only be complained about twice.
	const shape = unresolved.length > 0 ? [] : shapeFindings(plugin.settings, complete, at, "invalid-settings");
	return { settings: complete, findings: [...unresolved, ...masks, ...shape] };
}

export function checkManagerSettings(plugin: ManagerPlugin, written: SettingsValue, at: Path): CheckedSettings {
	const settings = withDefaults(plugin.settings, written);
	const shape = [
		...environmentFindings(written, at, "invalid-settings"),
		...shapeFindings(plugin.settings, settings, at, "invalid-settings"),
	];
	return { settings, findings: shape.length > 0 ? shape : pluginCheck(plugin, settings, at) };
}

/** Only a mechanism's settings are read with the environment; elsewhere a reference would be sent out as it stands. */
export function environmentFindings(value: unknown, at: Path, code: Finding["code"]): readonly Finding[] {
	const findings: Finding[] = [];
	mapTexts({}, value, (text, path) => {
		if (mentionsEnvironment(text)) {
			const message = "refers to the environment, which only a mechanism's settings can do";
			findings.push({ code, path: [...at, ...path], message });
		}
		return text;
	});
	return findings;
}

/** What the plugin itself says about settings that its schema lets pass. */
function pluginCheck(plugin: ManagerPlugin, settings: SettingsValue, at: Path): readonly Finding[] {
	try {
		return (plugin.check?.(settings) ?? []).map((complaint) => fromPlugin(complaint, at));
	} catch (error) {
		return [invalid(at, `the plugin "${plugin.id}" failed on these settings: ${thrownText(error)}`)];
	}
}

/** A plugin's complaint is `path: what is wrong`, the path within its settings. */
function fromPlugin(complaint: string, at: Path): Finding {
	const colon = complaint.indexOf(": ");
	const path = colon > 0 ? parsePath(complaint.slice(0, colon)) : undefined;
	return path === undefined ? invalid(at, complaint) : invalid([...at, ...path], complaint.slice(colon + 2));
}

export function invalid(path: Path, message: string): Finding {
	return { code: "invalid-settings", path, message };
}
