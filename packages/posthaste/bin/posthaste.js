#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that an old one gets a sentence and no syntax error.
import module from "node:module";
import process from "node:process";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
	console.error(
		`Posthaste needs Node 22.18 or later; this is Node ${process.versions.node}.\n` +
			"Within its repository, `npx posthaste` runs it on the Node that `npm ci` installed there.",
	);
	process.exitCode = 2;
} else {
	// Modules are compiled once and not at each start, in this thread and in those of the store.
	const { directory } = module.enableCompileCache();
	if (directory !== undefined) {
		process.env.NODE_COMPILE_CACHE ??= directory;
	}
	const { main } = await import("../src/cli/main.ts");
	await main(process.argv.slice(2));
}
