/** However a plugin's thread or process ends, the reason says why. */
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { gone, PluginBench, sendBy } from "./test/bench.ts";

const module = fileURLToPath(new URL("test/ending.ts", import.meta.url));
const benches: PluginBench[] = [];
afterEach(() => Promise.all(benches.splice(0).map((bench) => bench.stop())));

describe.each(["thread", "process"] as const)("a plugin in a %s of its own", (isolation) => {
	test.each([
		[
			"throw",
			{
				thread: "it broke: nobody catches me",
				process: "its process ended with code 1: RangeError: nobody catches me",
			},
		],
		["exit", { thread: "its thread ended with code 3", process: "its process ended with code 3" }],
		["fill", { thread: "it used more than 64 MB of memory", process: "it used more than 64 MB of memory" }],
	])("that ends by %s says so", async (way, reasons) => {
		const bench = new PluginBench({ module }, { isolation, memory: 64, limits: { silence: 20_000 } });
		benches.push(bench);
		const { instance } = await bench.instance();
		expect(await sendBy(instance, way)).toEqual({
			outcome: "unknown",
			evidence: `the plugin ended before it answered: ${reasons[isolation]}`,
		});
	});
});

test("a process takes with it what it was allowed to start", async () => {
	const bench = new PluginBench({ module }, { isolation: "process", grants: { childProcesses: true } });
	benches.push(bench);
	const { instance } = await bench.instance();
	expect((await sendBy(instance, "fork")).evidence).toMatch(/ended with code 4/);
	await gone(Number(/grandchild (\d+)/.exec(bench.logged.join("\n"))?.[1]));
});
