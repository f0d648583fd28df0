/**
 * Runs seeds, one after the other, and stops at the first that breaks a rule: `npm run simulate -- --seeds 1000`.
 * With `--from` another first seed, with `--messages` smaller scenarios, with `--bug` one of the bugs put in on purpose.
 */
import { parseArgs } from "node:util";
import { bugs } from "./bugs.ts";
import { describeFailure } from "./describe.ts";
import { generate } from "./generate.ts";
import { usualSize } from "./generate-basics.ts";
import { judge } from "./judge.ts";
import { shrink } from "./shrink.ts";

const { values } = parseArgs({
	options: {
		seeds: { type: "string", default: "1000" },
		from: { type: "string", default: "1" },
		messages: { type: "string", default: String(usualSize.messages) },
		bug: { type: "string" },
	},
});
const from = Number(values.from);
const seeds = Number(values.seeds);
const size = { messages: Number(values.messages) };
const chosen = Object.entries(bugs).find(([name]) => name === values.bug)?.[1];
if (![from, seeds, size.messages].every(Number.isInteger) || (values.bug !== undefined && chosen === undefined)) {
	process.stderr.write(
		`--seeds, --from and --messages take whole numbers, --bug one of: ${Object.keys(bugs).join(", ")}\n`,
	);
	process.exit(2);
}

const begun = performance.now();
const seconds = () => Math.round((performance.now() - begun) / 1000);
const totals = { deliveries: 0, attempts: 0, repeats: 0, deaths: 0 };
for (let seed = from; seed < from + seeds; seed += 1) {
	const judged = await judge(generate(seed, size), chosen?.bug);
	if (judged.violations.length > 0) {
		const bug = values.bug === undefined ? "" : ` --bug "${values.bug}"`;
		const command = `npm run simulate -- --from ${seed} --seeds 1 --messages ${size.messages}${bug}`;
		process.stdout.write(`${describeFailure(await shrink(judged, chosen?.bug), command)}\n`);
		process.exit(1);
	}
	const sends = judged.events.filter((event) => event.type === "send");
	totals.deliveries += judged.disk.deliveries.size;
	totals.attempts += sends.length;
	totals.repeats += sends.filter((send) => send.try > 1).length;
	totals.deaths += judged.events.filter(({ type }) => type === "died").length;
	if ((seed - from + 1) % 500 === 0 || seed === from + seeds - 1) {
		const { deliveries, attempts, repeats, deaths } = totals;
		process.stdout.write(
			`${seed - from + 1} seeds, ${deliveries} deliveries, ${attempts} calls of mechanisms (${repeats} of them repeated), ${deaths} deaths, 0 violations, ${seconds()} s\n`,
		);
	}
}
