import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["*.test.ts"],
		// The contract is TypeScript, which Node does not read below node_modules and vitest does.
		server: { deps: { inline: [/@posthaste\/core/] } },
	},
});
