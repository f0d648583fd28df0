/** Tables in Markdown, and their places in docs/performance.md. */
import { readFile, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

const page = fileURLToPath(new URL("../docs/performance.md", import.meta.url));

/** @param rows what was measured, and the figure */
export function table(rows: readonly (readonly [what: string, measured: string])[]): string {
	const [processor] = cpus();
	const model = processor?.model.replace(/\s+\d+-Core Processor|\(R\)|\(TM\)/g, "").trim() ?? "an unknown processor";
	const memory = Math.round(totalmem() / 2 ** 30);
	const day = new Date().toISOString().slice(0, 10);
	const head = `Measured on ${cpus().length} × ${model}, Node ${process.versions.node}, ${memory} GiB, ${day}.`;
	return `${head}\n\n| what | measured |\n|---|---|\n${rows.map((row) => `| ${row.join(" | ")} |\n`).join("")}`;
}

/** Puts a text between the marks `<!-- NAME -->` and `<!-- end of NAME -->` of the page. */
export async function writeSection(name: string, text: string): Promise<void> {
	const before = await readFile(page, "utf8");
	const [start, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`];
	const from = before.indexOf(start);
	const to = before.indexOf(end);
	if (from === -1 || to < from) {
		throw new Error(`docs/performance.md has no place for ${name}`);
	}
	await writeFile(page, before.slice(0, from + start.length) + text + before.slice(to));
}
