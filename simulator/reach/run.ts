/**
 * Measures every strategy in the same worlds: `npm run reach -- --messages 20000 --write`. With `--from`
 * another first seed, with `--levels` other fault levels; `--write` puts tables and chart into docs/.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { chart } from "./chart.ts";
import { measure } from "./figures.ts";
import { highestLevel, senders } from "./rates.ts";
import { type Measured, type Run, tables } from "./report.ts";
import { strategies } from "./strategies.ts";

const documentation = new URL("../../docs/", import.meta.url);
const marks = { begin: "<!-- reach -->", end: "<!-- end of reach -->" };

const { values } = parseArgs({
	options: {
		messages: { type: "string", default: "20000" },
		from: { type: "string", default: "1" },
		levels: { type: "string", default: "0,0.5,1,2,4" },
		write: { type: "boolean", default: false },
	},
});
const messages = Number(values.messages);
const from = Number(values.from);
const levels = values.levels.split(",").map(Number);
if (
	!Number.isInteger(messages) ||
	messages < 1 ||
	!Number.isInteger(from) ||
	!levels.includes(1) ||
	!levels.every(isLevel)
) {
	process.stderr.write(
		`--messages and --from take whole numbers, --levels numbers from 0 to ${highestLevel} with 1 among them\n`,
	);
	process.exit(2);
}

function isLevel(level: number): boolean {
	return level >= 0 && level <= highestLevel;
}

const begun = performance.now();
const measured: Measured[] = [];
for (const level of levels) {
	for (const strategy of strategies) {
		measured.push({ strategy, level, figures: await measure(strategy, level, messages, from) });
	}
	process.stderr.write(`fault level ${level}, ${Math.round((performance.now() - begun) / 1000)} s\n`);
}

const run: Run = {
	from,
	to: from + Math.ceil(messages / senders.messagesPerWeek) - 1,
	messages,
	about: `${Math.round((performance.now() - begun) / 1000)} s on one core of ${cpus()[0]?.model}, Node ${process.versions.node}`,
};
const text = tables(measured, run);
process.stdout.write(`${text}\n`);
if (values.write) {
	await mkdir(new URL("images/", documentation), { recursive: true });
	await writeFile(new URL("images/reach.svg", documentation), await chart(measured));
	await writeTables(text);
}

async function writeTables(text: string): Promise<void> {
	const file = new URL("reliability.md", documentation);
	const page = await readFile(file, "utf8");
	const [before, rest] = page.split(marks.begin);
	const [, after] = rest?.split(marks.end) ?? [];
	if (before === undefined || after === undefined) {
		throw new Error(`docs/reliability.md has no place between ${marks.begin} and ${marks.end}`);
	}
	await writeFile(file, `${before}${marks.begin}\n${text}\n${marks.end}${after}`);
}
