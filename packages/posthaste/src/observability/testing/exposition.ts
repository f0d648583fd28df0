/** For tests: a program's metrics as Prometheus would read them, strictly. */

export interface Sample {
	readonly name: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly value: number;
}

export interface Family {
	readonly name: string;
	readonly type: string;
	readonly help: string;
	readonly samples: readonly Sample[];
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/gy;

/**
 * Reads the text exposition format, version 0.0.4.
 * @throws Error at the first line that Prometheus, or `promtool check metrics`, would not take
 */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
	const families = new Map<string, Family & { samples: Sample[] }>();
	let help: { name: string; text: string } | undefined;
	let current: (Family & { samples: Sample[] }) | undefined;
	if (!text.endsWith("\n")) {
		throw new Error("the last line has no end");
	}
	for (const line of text.split("\n").filter((one) => one !== "")) {
		const [, keyword, name, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
		if (keyword === "HELP" && name !== undefined && rest !== undefined) {
			help = { name, text: rest };
		} else if (keyword === "TYPE" && name !== undefined && rest !== undefined) {
			if (help?.name !== name || families.has(name)) {
				throw new Error(`TYPE without its HELP before it, or twice: ${line}`);
			}
			current = { name, type: rest, help: help.text, samples: [] };
			families.set(name, current);
		} else {
			addSample(current, readSample(line));
		}
	}
	return families;
}

function readSample(line: string): Sample {
	const [, name, pairs = "", number] = sampleLine.exec(line) ?? [];
	if (name === undefined || number === undefined) {
		throw new Error(`not a sample: ${line}`);
	}
	const labels: Record<string, string> = {};
	let read = 0;
	for (const [whole, label, value] of pairs.matchAll(labelPair)) {
		if (label === undefined || value === undefined || label in labels) {
			throw new Error(`a label twice: ${line}`);
		}
		labels[label] = value;
		read += whole.length;
	}
	if (read !== pairs.length) {
		throw new Error(`bad labels: ${line}`);
	}
	return { name, labels, value: number === "+Inf" ? Number.POSITIVE_INFINITY : Number(number) };
}

const suffixes = ["", "_bucket", "_sum", "_count"];

function addSample(family: (Family & { samples: Sample[] }) | undefined, sample: Sample): void {
	const isOurs = suffixes.some((suffix) => sample.name === `${family?.name}${suffix}`);
	const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
	const twice = family?.samples.some((one) => JSON.stringify([one.name, Object.entries(one.labels).sort()]) === key);
	if (family === undefined || !isOurs || twice === true) {
		throw new Error(`${sample.name} does not stand below its TYPE, or stands there twice`);
	}
	family.samples.push(sample);
}

/** What `promtool check metrics` would complain of, besides. */
export function lint({ name, type, help, samples }: Family): readonly string[] {
	const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
	const complaints: readonly (readonly [boolean, string])[] = [
		[help.trim() === "", "no help"],
		[type === "counter" && !name.endsWith("_total"), "a counter without _total"],
		[type !== "counter" && name.endsWith("_total"), "_total on what is no counter"],
		[/_(count|sum|bucket)$/.test(name), "a suffix that is a histogram's"],
		[type !== "histogram" && labels.has("le"), "le on what is no histogram"],
		[type !== "summary" && labels.has("quantile"), "quantile on what is no summary"],
		[name.includes(type), "its type in its name"],
		[/(milliseconds|_ms|minutes|hours|days|kilobytes|megabytes)(_|$)/.test(name), "not in a base unit"],
		[/[A-Z:]/.test(name), "capitals or colons"],
		[samples.some(({ value }) => Number.isNaN(value)), "a value that is no number"],
		[type === "histogram" && !isCumulative(samples), "buckets that do not add up"],
	];
	return complaints.filter(([applies]) => applies).map(([, complaint]) => `${name}: ${complaint}`);
}

function isCumulative(samples: readonly Sample[]): boolean {
	const series = Map.groupBy(
		samples.filter(({ name }) => name.endsWith("_bucket")),
		({ labels: { le: _, ...others } }) => JSON.stringify(others),
	);
	return [...series.values()].every(
		(buckets) =>
			buckets.at(-1)?.labels.le === "+Inf" &&
			buckets.every(({ value }, index) => value >= (buckets[index - 1]?.value ?? 0)),
	);
}
