/**
 * This checkout beside another one, in one run: `node bench/compare.ts --with ../other --rounds 10`.
 *
 * A shared machine changes its speed by a half within minutes, so that two whole runs one after the other say
 * little. Here the two are measured in turns of a few seconds each, the order changing from round to round, and what
 * counts is the ratio within a round: its median, with the quarters on either side.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { quantile } from "./quantile.ts";

const { values } = parseArgs({
	options: {
		with: { type: "string" },
		rounds: { type: "string", default: "10" },
		seconds: { type: "string", default: "2" },
	},
});
const here = fileURLToPath(new URL("..", import.meta.url));
const slice = fileURLToPath(new URL("slice.ts", import.meta.url));
const rounds = Number(values.rounds);
if (values.with === undefined || !Number.isInteger(rounds) || rounds < 1 || !(Number(values.seconds) > 0)) {
	process.stderr.write(
		"--with takes the folder of another checkout, --rounds a whole number from 1, --seconds a time\n",
	);
	process.exit(2);
}

const rows = [
	["library", "accepted on disk → outcome on disk, library, a second"],
	["single", "`POST /v1/messages`, a second"],
	["batch", "`POST /v1/messages/batch`, messages a second"],
	["decisions", "policy decisions, a second"],
	["start", "start to the first answer, ms"],
	["idleMemory", "resident memory, idle, MB"],
] as const;
type Figures = Readonly<Record<(typeof rows)[number][0], number>>;
interface Round {
	readonly other: Figures;
	readonly here: Figures;
}

async function measure(checkout: string): Promise<Figures> {
	const { stdout } = await promisify(execFile)(process.execPath, [slice, checkout, values.seconds]);
	return JSON.parse(stdout) as Figures;
}

async function measureBoth(other: string, isOtherFirst: boolean): Promise<Round> {
	const first = await measure(isOtherFirst ? other : here);
	const second = await measure(isOtherFirst ? here : other);
	return isOtherFirst ? { other: first, here: second } : { other: second, here: first };
}

const made: Round[] = [];
for (let round = 0; round < rounds; round++) {
	made.push(await measureBoth(values.with, round % 2 === 0));
	process.stderr.write(`round ${round + 1} of ${rounds}\n`);
}
const line = ([key, what]: (typeof rows)[number]): string => {
	const ratios = made.map((round) => round.here[key] / round.other[key]);
	const median = (of: keyof Round) =>
		quantile(
			made.map((round) => round[of][key]),
			0.5,
		);
	const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share).toFixed(2));
	return `| ${what} | ${median("other")} | ${median("here")} | ${middle} (${low} to ${high}) |\n`;
};
process.stdout.write(
	`| what | the other, median | here, median | here ÷ the other, median of ${rounds} rounds |\n|---|---|---|---|\n${rows.map(line).join("")}`,
);
