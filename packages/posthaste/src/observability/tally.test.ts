import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { BoundedNames, Tally } from "./tally.ts";

test("counts by the values of its labels, and from 0 where that is expected", async () => {
	const registry = new Registry();
	const tally = new Tally({ name: "posthaste_test_total", help: "A test", labels: ["one", "two"], registry });
	tally.expect("a", "b");
	tally.count("a", "c");
	tally.count("a", "c");
	const text = await registry.metrics();
	expect(text).toContain('posthaste_test_total{one="a",two="b"} 0');
	expect(text).toContain('posthaste_test_total{one="a",two="c"} 2');
	expect(await registry.metrics()).toBe(text);
});

test("a label takes so many names and no more", () => {
	const names = new BoundedNames(2);
	expect(["a", "b", "c", "a", "d"].map((name) => names.of(name))).toEqual(["a", "b", "other", "a", "other"]);
});
