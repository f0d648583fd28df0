/** Which plugins the program takes, and by what they are found. */
import { managerApiVersion, mechanismApiVersion } from "@posthaste/core";
import { scriptedMechanism, testManager } from "@posthaste/core/testing";
import { expect, test } from "vitest";
import { bundledPlugins, Plugins } from "./plugins.ts";

const { plugin: mechanism } = scriptedMechanism({ id: "line" });
const manager = testManager(function* () {});

test("two plugins of a type with the same id are refused; a manager and a mechanism may share one", () => {
	expect(() => new Plugins([mechanism, { ...mechanism }])).toThrow('two mechanism plugins with the id "line"');
	expect(() => new Plugins([manager, { ...manager }])).toThrow('two manager plugins with the id "test"');
	expect(() => new Plugins([...bundledPlugins, ...bundledPlugins.slice(0, 1)])).toThrow("two manager plugins");
	const both = new Plugins([mechanism, { ...manager, id: "line" }]);
	expect(both.manager("line")?.type).toBe("manager");
	expect(both.mechanism("line")?.type).toBe("mechanism");
});

test("a plugin that speaks another version of the contract is refused, naming both versions", () => {
	const newer = { ...mechanism, apiVersion: mechanismApiVersion + 1 };
	expect(() => new Plugins([newer])).toThrow(/mechanism plugin "line" speaks version 2 .* this program speaks 1/);
	const other = { ...manager, apiVersion: managerApiVersion + 1 };
	expect(() => new Plugins([other])).toThrow('manager plugin "test" speaks version 2');
});

test("a manager is found by its id, and by the version that a delivery is pinned to", () => {
	const plugins = new Plugins([manager]);
	expect(plugins.manager("test")).toBe(manager);
	expect(plugins.manager("test", "1.0.0")).toBe(manager);
	expect(plugins.manager("test", "0.9.0")).toBeUndefined();
	expect(plugins.manager("other")).toBeUndefined();
	expect(plugins.mechanism("test")).toBeUndefined();
});

test("the list tells the bundled ones from the rest, and what mechanisms can", () => {
	const list = new Plugins([...bundledPlugins, mechanism, manager]).list();
	expect(list.filter(({ bundled }) => !bundled).map(({ id }) => id)).toEqual(["test", "line"]);
	expect(list.filter(({ bundled }) => bundled)).toHaveLength(bundledPlugins.length);
	expect(list.find(({ id }) => id === "line")).toMatchObject({
		kind: "im",
		capabilities: {},
		address: mechanism.address,
	});
	expect(list.find(({ id }) => id === "test")).not.toHaveProperty("kind");
});
