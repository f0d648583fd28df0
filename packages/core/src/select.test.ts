/** Steps 2 and 3: which manager takes a message, and which row of its table it works by. */
import { describe, expect, test } from "vitest";
import { compileCondition } from "./condition.ts";
import { configure } from "./configure.ts";
import { PosthasteError } from "./errors.ts";
import type { World } from "./flow.ts";
import type { Message } from "./model.ts";
import { select } from "./select.ts";
import type { CompiledConfiguration, CompiledManager, CompiledRule } from "./snapshot.ts";
import { testMessage } from "./testing/attempt.ts";
import { testManager } from "./testing/test-manager.ts";

const now = Date.UTC(2026, 0, 15, 12);

function condition(source: string) {
	const compiled = compileCondition(source);
	if (!compiled.ok) {
		throw new Error(compiled.error.message);
	}
	return compiled.condition;
}

function row(name: string, when?: string): CompiledConfiguration {
	return {
		name,
		revision: 1,
		unknown: "resend",
		settings: {},
		allows: "all",
		...(when !== undefined && { when: condition(when) }),
	};
}

function managed(name: string, rows: readonly CompiledConfiguration[] = [row("only")]): CompiledManager {
	return { name, plugin: testManager(function* () {}), configurations: rows };
}

function rule(manager: string, when?: string): CompiledRule {
	return { manager, ...(when !== undefined && { when: condition(when) }) };
}

interface Databases {
	readonly managers?: readonly CompiledManager[];
	readonly rules?: readonly CompiledRule[];
	readonly defaultManager?: string;
}

function worldOf({
	managers = ["standard", "night", "urgent"].map((name) => managed(name)),
	rules = [],
	defaultManager,
}: Databases): World {
	return {
		now,
		snapshot: {
			revision: 1,
			mechanisms: new Map(),
			managers: new Map(managers.map((one) => [one.name, one])),
			rules,
			...(defaultManager !== undefined && { defaultManager }),
			condition: () => undefined,
		},
	};
}

function selected(message: Partial<Message>, databases: Databases) {
	const { manager, selectionReason } = select({ message: testMessage(message) }, worldOf(databases));
	return [manager.name, selectionReason];
}

function codeOf(run: () => unknown) {
	try {
		run();
	} catch (error) {
		return error instanceof PosthasteError ? error.code : String(error);
	}
	return "no error";
}

describe("select", () => {
	const rules = [rule("urgent", 'message.priority == "urgent"'), rule("standard")];

	test("the manager that the sender named comes before every rule", () => {
		expect(selected({ manager: "night", priority: "urgent" }, { rules })).toEqual(["night", "named-by-sender"]);
	});

	test("else the first rule that holds", () => {
		expect(selected({ priority: "urgent" }, { rules })).toEqual(["urgent", "rule"]);
		expect(selected({}, { rules })).toEqual(["standard", "rule"]);
		expect(selected({ priority: "urgent" }, { rules: [rule("standard"), ...rules] })).toEqual(["standard", "rule"]);
	});

	test("else the default", () => {
		const databases = { rules: [rule("urgent", 'message.priority == "urgent"')], defaultManager: "night" };
		expect(selected({}, databases)).toEqual(["night", "default"]);
	});

	test("a rule whose condition fails on the message does not take it", () => {
		const databases = { rules: [rule("urgent", "message.properties.hall > 2"), rule("standard")] };
		expect(selected({}, databases)).toEqual(["standard", "rule"]);
		expect(selected({ properties: { hall: 3 } }, databases)).toEqual(["urgent", "rule"]);
	});

	test("conditions see the moment", () => {
		expect(selected({}, { rules: [rule("night", "now.getHours() < 6"), rule("standard")] })).toEqual([
			"standard",
			"rule",
		]);
	});

	test("a manager that does not exist is an error, and no other takes its place", () => {
		expect(codeOf(() => selected({ manager: "nobody" }, { rules }))).toBe("unknown-manager");
		expect(codeOf(() => selected({}, { rules: [rule("nobody"), ...rules] }))).toBe("unknown-manager");
		expect(codeOf(() => selected({}, { defaultManager: "nobody" }))).toBe("unknown-manager");
	});

	test("a message that nothing takes is an error", () => {
		expect(codeOf(() => selected({}, {}))).toBe("no-manager");
		expect(codeOf(() => selected({}, { rules: [rule("standard", "false")] }))).toBe("no-manager");
	});
});

describe("configure", () => {
	function configured(message: Partial<Message>, rows: readonly CompiledConfiguration[]) {
		const world = worldOf({ managers: [managed("standard", rows)], defaultManager: "standard" });
		return configure(select({ message: testMessage(message) }, world), world).configuration.name;
	}
	const rows = [
		row("urgent", 'message.priority == "urgent"'),
		row("plant", 'message.category == "plant"'),
		row("normal"),
	];

	test("the first row whose condition holds is chosen", () => {
		expect(configured({ priority: "urgent", category: "plant" }, rows)).toBe("urgent");
		expect(configured({ category: "plant" }, rows)).toBe("plant");
		expect(configured({}, rows)).toBe("normal");
	});

	test("a row whose condition fails on the message is passed over", () => {
		expect(configured({}, [row("hall", "message.properties.hall > 2"), row("normal")])).toBe("normal");
	});

	test("a message that no row takes is an error", () => {
		expect(codeOf(() => configured({}, [row("urgent", 'message.priority == "urgent"')]))).toBe("no-configuration");
		expect(codeOf(() => configured({}, []))).toBe("no-configuration");
	});
});
