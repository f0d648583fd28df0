/** A map that is replaced under way is still a map. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { PassingMap } from "./passing-map.ts";

const key = fc.integer({ min: 0, max: 40 });
const step = fc.oneof(
	{ weight: 600, arbitrary: fc.record({ what: fc.constant("set" as const), key }) },
	{ weight: 500, arbitrary: fc.record({ what: fc.constant("delete" as const), key }) },
	{ weight: 1, arbitrary: fc.record({ what: fc.constant("clear" as const), key }) },
);

test("holds what a Map would hold, in the same order, after whatever was done", () => {
	fc.assert(
		fc.property(fc.array(step, { maxLength: 600, size: "max" }), (steps) => {
			const map = new Map<number, number>();
			const passing = new PassingMap<number, number>();
			for (const [index, { what, key }] of steps.entries()) {
				if (what === "set") {
					map.set(key, index);
					passing.set(key, index);
				} else if (what === "delete") {
					expect(passing.delete(key)).toBe(map.delete(key));
				} else {
					map.clear();
					passing.clear();
				}
				expect(passing.size).toBe(map.size);
				expect(passing.has(key)).toBe(map.has(key));
				expect(passing.get(key)).toBe(map.get(key));
				expect(passing.oldest).toBe(map.keys().next().value);
			}
			expect([...passing.values()]).toEqual([...map.values()]);
		}),
	);
});
