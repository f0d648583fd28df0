/** Draws a scenario from a seed. */
import { generateBasics, type Size, usualSize } from "./generate-basics.ts";
import { withSwaps } from "./generate-swaps.ts";
import type { Scenario } from "./scenario.ts";

export function generate(seed: number, size: Size = usualSize): Scenario {
	return withSwaps(generateBasics(seed, size));
}
