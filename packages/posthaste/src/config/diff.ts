/** What an apply changes, as people read it. */
import { structuredPatch } from "diff";
import { stringify } from "yaml";
import type { ConfigurationChange } from "../posthaste.ts";
import { type FormatOptions, painter } from "./complaints.ts";

const signs = { added: "+", changed: "~", removed: "-" } as const;
const colours = { added: "green", changed: "cyan", removed: "red" } as const;

/**
 * One heading a record and the lines of its definition that differ, as in a unified diff.
 * @returns lines without a newline at the end
 */
export function formatChanges(changes: readonly ConfigurationChange[], { colour = false }: FormatOptions = {}): string {
	if (changes.length === 0) {
		return "Nothing changes.";
	}
	const paint = painter(colour);
	const parts = changes.map((one) => {
		const name = one.database === "selection" ? "selection" : `${one.database}.${one.key}`;
		const heading = paint("bold", paint(colours[one.change], `${signs[one.change]} ${name}`));
		const lines = diffLines(one).map((line) => `    ${paintLine(line, paint)}`);
		return [heading, ...(lines.length > 0 ? lines : ["    is defined elsewhere now, and the same"])].join("\n");
	});
	return [...parts, "", summary(changes)].join("\n");
}

function diffLines({ before, after }: ConfigurationChange): readonly string[] {
	const patch = structuredPatch("", "", yamlOf(before), yamlOf(after), undefined, undefined, { context: 2 });
	return patch.hunks.flatMap((hunk, index) => (index === 0 ? hunk.lines : ["…", ...hunk.lines]));
}

function yamlOf(value: unknown): string {
	return value === undefined ? "" : stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

function paintLine(line: string, paint: ReturnType<typeof painter>): string {
	if (line.startsWith("+")) {
		return paint("green", line);
	}
	return line.startsWith("-") ? paint("red", line) : paint("dim", line);
}

function summary(changes: readonly ConfigurationChange[]): string {
	const count = (change: ConfigurationChange["change"]) => changes.filter((one) => one.change === change).length;
	return `${count("added")} added, ${count("changed")} changed, ${count("removed")} removed`;
}
