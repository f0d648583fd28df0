/** Who may import whom: core nothing of ours, plugins only core, and the program nobody but its own surroundings. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Import {
	readonly from: string;
	/** A package's name, or a path within the repository. */
	readonly to: string;
}

/** Tracked files and new ones, so that the rule holds before a commit too. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.tsx"], {
	cwd: root,
	encoding: "utf8",
})
	.split("\n")
	.filter((file) => file !== "");

const specifier = /(?:\bfrom\s+|\bimport\s+|\bimport\()"([^"]+)"/g;

function importsOf(file: string): readonly Import[] {
	let text: string;
	try {
		text = readFileSync(join(root, file), "utf8");
	} catch {
		// Deleted and not yet committed.
		return [];
	}
	return [...text.matchAll(specifier)].map(([, to = ""]) => ({
		from: file,
		to: to.startsWith(".") ? normalize(join(dirname(file), to)) : to,
	}));
}

const imports = files.flatMap(importsOf);
const isTest = (file: string) => /\.test\.tsx?$|(^|\/)test\/|\/test-[a-z]+\.ts$/.test(file);
const isOurs = (to: string) =>
	/^(@posthaste\/|posthaste($|\/)|packages\/|plugins\/|scenarios\/|bench\/|simulator\/)/.test(to);

/** The imports of some files that a rule does not allow, each as one readable line. */
function offences(of: (file: string) => boolean, allowed: (one: Import) => boolean): readonly string[] {
	return imports.filter((one) => of(one.from) && !allowed(one)).map(({ from, to }) => `${from} imports ${to}`);
}

const folderOf = (file: string) => file.split("/").slice(0, 2).join("/");
const staysWithin = ({ from, to }: Import) => to.startsWith(`${folderOf(from)}/`);

describe("import direction", () => {
	test("there are imports to look at", () => {
		expect(imports.length).toBeGreaterThan(500);
	});

	test("core imports nothing of ours", () => {
		expect(
			offences(
				(file) => file.startsWith("packages/core/"),
				(one) => !isOurs(one.to) || staysWithin(one),
			),
		).toEqual([]);
	});

	test("core runs in a browser: nothing of Node's outside its tests", () => {
		const source = (file: string) => file.startsWith("packages/core/src/") && !isTest(file);
		expect(offences(source, ({ to }) => !to.startsWith("node:"))).toEqual([]);
	});

	test("plugins import only core, and their tests the real servers", () => {
		const allowed = (one: Import) =>
			!isOurs(one.to) ||
			staysWithin(one) ||
			/^@posthaste\/core($|\/testing$)/.test(one.to) ||
			(isTest(one.from) && one.to === "@posthaste/real-servers");
		expect(offences((file) => file.startsWith("plugins/"), allowed)).toEqual([]);
	});

	test("the web application imports core and a mechanism's browser client", () => {
		const allowed = (one: Import) =>
			!isOurs(one.to) || staysWithin(one) || ["@posthaste/core", "@posthaste/mechanism-web/client"].includes(one.to);
		expect(offences((file) => file.startsWith("packages/web/"), allowed)).toEqual([]);
	});

	test("nothing imports the program but itself, scenarios, bench, simulator, scripts, examples and crash tests", () => {
		const surroundings = /^(packages\/posthaste|scenarios|bench|simulator|scripts|examples|crash|swaps)\//;
		const isProgram = (to: string) => /^(posthaste($|\/)|packages\/posthaste\/)/.test(to);
		expect(
			offences(
				(file) => !surroundings.test(file),
				({ to }) => !isProgram(to),
			),
		).toEqual([]);
	});

	test("production code imports no test and no testing helper", () => {
		const production = (file: string) =>
			/^(packages\/(core|posthaste)\/src|plugins)\//.test(file) &&
			!isTest(file) &&
			!/\/(testing|conformance)[/.]/.test(file);
		expect(offences(production, ({ to }) => !/\/testing($|\/)|\.test\.ts$|real-servers/.test(to))).toEqual([]);
	});
});
