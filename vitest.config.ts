import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: [
			"packages/**/*.test.ts",
			"plugins/**/*.test.ts",
			"scenarios/**/*.test.ts",
			"scripts/**/*.test.ts",
			"simulator/**/*.test.ts",
			"crash/**/*.test.ts",
			"swaps/**/*.test.ts",
			"bench/**/*.test.ts",
			"examples/**/*.test.ts",
		],
		exclude: ["**/node_modules/**", "**/dist/**"],
		globalSetup: ["scripts/report-skipped.ts"],
		testTimeout: 20_000,
		hookTimeout: 60_000,
	},
});
