/**
 * What it costs to run a plugin apart from the program: in a thread, in a process and as a command,
 * beside the same plugin in the program itself, in turns within one run. `npm run bench:plugins`
 * prints a table in Markdown; with `--write` it goes into docs/performance.md.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeSection } from "./page.ts";
import { type Call, callable, type Weight, weigh, weighed } from "./plugin-calls.ts";
import { openMessages } from "./plugin-messages.ts";
import {
	idOf,
	makePackage,
	type PluginType,
	type RemoteStyle,
	remoteStyles,
	type Style,
	styles,
} from "./plugin-styles.ts";

const { values } = parseArgs({
	options: { seconds: { type: "string", default: "3" }, write: { type: "boolean", default: false } },
});

/** Each figure is measured in so many turns, so that a busy moment of the machine falls on all styles. */
const turns = 6;
const many = 64;

class Samples {
	/** One at a time, milliseconds. */
	readonly alone: number[] = [];
	count = 0;
	time = 0;

	async measure(call: Call, seconds: number): Promise<void> {
		const end = performance.now() + (seconds * 500) / turns;
		while (performance.now() < end) {
			const start = performance.now();
			await call();
			this.alone.push(performance.now() - start);
		}
		const begun = performance.now();
		const over = begun + (seconds * 500) / turns;
		await Promise.all(
			Array.from({ length: many }, async () => {
				while (performance.now() < over) {
					await call();
					this.count += 1;
				}
			}),
		);
		this.time += performance.now() - begun;
	}

	get spread(): string {
		const sorted = this.alone.toSorted((one, other) => one - other);
		const at = (share: number) => round(sorted[Math.floor(sorted.length * share)] ?? 0);
		return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
	}

	get rate(): string {
		return `${Math.round(this.count / (this.time / 1000)).toLocaleString("en")} a second`;
	}
}

function round(milliseconds: number): number {
	return Number(milliseconds.toPrecision(2));
}

const kinds = ["manager, one effect", "mechanism, one send", "message, accepted to reached"] as const;
type Kind = (typeof kinds)[number];

async function measure(calls: (style: Style, kind: Kind) => Call, seconds: number) {
	const samples = Object.fromEntries(
		kinds.map((kind) => [kind, Object.fromEntries(styles.map((style) => [style, new Samples()]))]),
	) as Record<Kind, Record<Style, Samples>>;
	for (const [kind, style] of kinds.flatMap((kind) => styles.map((style) => [kind, style] as const))) {
		await new Samples().measure(calls(style, kind), 0.5);
	}
	for (let turn = 0; turn < turns; turn += 1) {
		for (const kind of kinds) {
			for (const style of styles) {
				await samples[kind][style].measure(calls(style, kind), seconds);
			}
		}
	}
	return samples;
}

function table(
	samples: Record<Kind, Record<Style, Samples>>,
	installed: Readonly<Record<RemoteStyle, number>>,
	weights: Readonly<Record<RemoteStyle, Weight>>,
): string {
	const row = (name: string, cell: (style: Style) => string) => `| ${[name, ...styles.map(cell)].join(" | ")} |\n`;
	const remote = (name: string, cell: (style: RemoteStyle) => string) =>
		row(name, (style) => (style === "inline" ? "" : cell(style)));
	return [
		`Measured on ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}.\n\n`,
		row("what", (style) => style),
		row("---", () => "---"),
		...kinds.flatMap((kind) => [
			row(`${kind}, one at a time`, (style) => samples[kind][style].spread),
			row(`${kind}, ${many} in flight`, (style) => samples[kind][style].rate),
		]),
		remote("installing from a folder, with a first start", (style) => `${Math.round(installed[style])} ms`),
		remote("loading", (style) => `${Math.round(weights[style].load)} ms`),
		remote("resident memory of each", (style) => `${Math.round(weights[style].memory)} MB`),
	].join("");
}

const root = resolve(await mkdtemp("./posthaste-bench-"));
const folderOf = (type: PluginType, style: RemoteStyle) => join(root, idOf(type, style));
try {
	for (const style of remoteStyles) {
		await makePackage(root, "manager", style);
		await makePackage(root, "mechanism", style);
	}
	const weights = {} as Record<RemoteStyle, Weight>;
	for (const style of weighed) {
		weights[style] = await weigh(style, folderOf("mechanism", style));
	}
	const all = await Promise.all(
		styles.map(
			async (style) => [style, await callable(style, (type) => folderOf(type, style as RemoteStyle))] as const,
		),
	);
	const direct = new Map(all);
	const messages = await openMessages(root, folderOf);
	try {
		const calls = (style: Style, kind: Kind): Call => {
			const { step, send } = direct.get(style) ?? {};
			const call = kind === "manager, one effect" ? step : kind === "mechanism, one send" ? send : messages.call(style);
			if (call === undefined) {
				throw new Error(`there is no ${style} plugin`);
			}
			return call;
		};
		const figures = table(await measure(calls, Number(values.seconds)), messages.installed, weights);
		process.stdout.write(figures);
		if (values.write) {
			await writeSection("plugin figures", figures);
		}
	} finally {
		await messages.close();
		await Promise.all([...direct.values()].map((one) => one.stop()));
	}
} finally {
	await rm(root, { recursive: true, force: true });
}
