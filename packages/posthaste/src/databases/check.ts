/**
 * Every check of what people define, in one place: a record put over the API and a whole document go
 * through the same functions. They answer findings; nothing here throws or changes anything.
 */
import {
	ConfigurationDocumentSchema,
	isTimeZone,
	ManagerSchema,
	MechanismSchema,
	SelectionSchema,
	UserSchema,
} from "@posthaste/core";
import type {
	ConfigurationDocument,
	ManagerDefinition,
	MechanismDefinition,
	SelectionDefinition,
	UserDefinition,
} from "../posthaste.ts";
import { checkCondition, checkName, checkShape, isReadable, unreachable } from "./check-common.ts";
import { checkEntries } from "./check-entries.ts";
import { checkRows } from "./check-rows.ts";
import type { CheckWorld, PluginSource } from "./check-world.ts";
import type { Path } from "./field-path.ts";
import type { Finding } from "./finding.ts";
import { checkMechanismSettings } from "./settings.ts";
import { unknownKey } from "./shape.ts";
import { didYouMean } from "./suggest.ts";

export function checkMechanism(name: string, definition: unknown, world: CheckWorld): readonly Finding[] {
	const at = ["mechanisms", name];
	const shape = [...checkName(name, at), ...checkShape(MechanismSchema, definition, at)];
	if (!isReadable(MechanismSchema, definition, shape)) {
		return shape;
	}
	const { use, settings = {} } = definition as MechanismDefinition;
	const plugin = world.plugins.mechanism(use);
	if (plugin === undefined) {
		return [...shape, unknownPlugin("mechanism", use, [...at, "use"], world.plugins)];
	}
	const checked = checkMechanismSettings(plugin, settings, world.env, [...at, "settings"]);
	return [...shape, ...checked.findings];
}

export function checkManager(name: string, definition: unknown, world: CheckWorld): readonly Finding[] {
	const at = ["managers", name];
	const shape = [...checkName(name, at), ...checkShape(ManagerSchema, definition, at)];
	if (!isReadable(ManagerSchema, definition, shape)) {
		return shape;
	}
	const { use, configurations } = definition as ManagerDefinition;
	const plugin = world.plugins.manager(use);
	const unknown = plugin === undefined ? [unknownPlugin("manager", use, [...at, "use"], world.plugins)] : [];
	return [...shape, ...unknown, ...checkRows(plugin, configurations, [...at, "configurations"], world)];
}

function unknownPlugin(type: "manager" | "mechanism", id: string, path: Path, plugins: PluginSource): Finding {
	const other = type === "manager" ? plugins.mechanism(id) : plugins.manager(id);
	const hint = other === undefined ? didYouMean(id, plugins.ids?.(type) ?? []) : `; "${id}" is a ${other.type} plugin`;
	return { code: "unknown-plugin", path, message: `there is no ${type} plugin "${id}"${hint}` };
}

/**
 * @param at where the rules stand: `selection` in a document, `selection.rules` over the API
 */
export function checkSelection(definition: unknown, world: CheckWorld, at: Path, defaultAt: Path): readonly Finding[] {
	const shape = checkShape(SelectionSchema, definition, []).map((finding) => ({
		...finding,
		path: finding.path[0] === "rules" ? [...at, ...finding.path.slice(1)] : selectionPath(finding.path, defaultAt),
	}));
	if (!isReadable(SelectionSchema, definition, shape)) {
		return shape;
	}
	const { rules, defaultManager } = definition as SelectionDefinition;
	return [
		...shape,
		...rules.flatMap((rule, index) => [
			...checkCondition(rule.when, [...at, index, "when"]),
			...checkManagerName(rule.manager, [...at, index, "manager"], world),
		]),
		...unreachable(rules, at, (index) => `rule ${index + 1}`),
		...(defaultManager === undefined ? [] : checkManagerName(defaultManager, defaultAt, world)),
	];
}

function selectionPath(path: Path, defaultAt: Path): Path {
	return path[0] === "defaultManager" ? [...defaultAt, ...path.slice(1)] : ["selection", ...path];
}

function checkManagerName(name: string, path: Path, { managers }: CheckWorld): readonly Finding[] {
	return managers.has(name)
		? []
		: [{ code: "unknown-manager", path, message: `there is no manager "${name}"${didYouMean(name, managers)}` }];
}

export function checkUser(id: string, definition: unknown, world: CheckWorld): readonly Finding[] {
	const at = ["users", id];
	const shape = [...checkName(id, at), ...checkShape(UserSchema, definition, at)];
	if (!isReadable(UserSchema, definition, shape)) {
		return shape;
	}
	const { timezone = "UTC", mechanisms } = definition as UserDefinition;
	return [
		...shape,
		...checkTimeZone(timezone, [...at, "timezone"]),
		...checkEntries(mechanisms, [...at, "mechanisms"], world),
	];
}

const goodTimeZones = new Set<string>();

/** Asking the runtime about a zone is slow, and there are only so many. */
function checkTimeZone(name: string, path: Path): readonly Finding[] {
	if (goodTimeZones.has(name)) {
		return [];
	}
	if (isTimeZone(name)) {
		// Names differ in case alone too, so the set is bounded.
		if (goodTimeZones.size < 1000) {
			goodTimeZones.add(name);
		}
		return [];
	}
	const hint = didYouMean(name, Intl.supportedValuesOf("timeZone"));
	return [{ code: "invalid-configuration", path, message: `there is no time zone "${name}"${hint}` }];
}

/** A whole document; `world` is the one that there will be once it is applied. */
export function checkDocument(document: ConfigurationDocument, world: CheckWorld): readonly Finding[] {
	const { selection, defaultManager } = document;
	const rules = selection !== undefined || defaultManager !== undefined;
	return [
		...eachRecord(document.mechanisms, (name, one) => checkMechanism(name, one, world)),
		...eachRecord(document.managers, (name, one) => checkManager(name, one, world)),
		...(rules
			? checkSelection(
					{ rules: selection ?? [], ...(defaultManager !== undefined && { defaultManager }) },
					world,
					["selection"],
					["defaultManager"],
				)
			: []),
		...eachRecord(document.users, (id, one) => checkUser(id, one, world)),
	];
}

function eachRecord(
	records: Readonly<Record<string, unknown>> | undefined,
	check: (name: string, definition: unknown) => readonly Finding[],
): readonly Finding[] {
	return Object.entries(records ?? {}).flatMap(([name, definition]) => check(name, definition));
}

/** The document's own keys, and that its databases are maps; what they hold is checked record by record. */
export function checkOutline(document: unknown): readonly Finding[] {
	if (typeof document !== "object" || document === null || Array.isArray(document)) {
		return [{ code: "invalid-configuration", path: [], message: "a configuration has to be a map of keys" }];
	}
	const known = Object.keys(ConfigurationDocumentSchema.properties);
	return Object.entries(document).flatMap(([key, value]): readonly Finding[] => {
		if (!known.includes(key)) {
			return [unknownKey([key], known)];
		}
		const listed = key === "selection" || key === "defaultManager";
		return listed || value === undefined || isMap(value)
			? []
			: [{ code: "invalid-configuration", path: [key], message: "has to be a map of names" }];
	});
}

function isMap(value: unknown): boolean {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
