/** `explain`: what would happen to a message, and why. Sends nothing. */
import { type ExplanationDocument, parseDuration, selectionReasons } from "@posthaste/core";
import type { Command } from "commander";
import { action } from "../actions.ts";
import { type DraftOptions, draftOf, readBody, withDraft } from "../draft.ts";
import { usageFailure } from "../failure.ts";
import { hanging } from "../layout.ts";
import { clientOf, examples, option, type ServerOptions, withServer } from "../options.ts";
import { policyTable } from "../policies.ts";
import { columns, paint, writeJson, writeLine } from "../terminal.ts";
import { momentOf } from "../times.ts";
import { treeLines } from "../tree.ts";

interface ExplainOptions extends DraftOptions, ServerOptions {
	readonly at?: string;
}

/** What stands for the body when none is given: most conditions do not read it. */
const sampleBody = "(sample)";

export function addExplain(program: Command): void {
	const command = withServer(
		withDraft(program.command("explain"))
			.summary("show what would happen to a message, and why")
			.description(
				"Shows, for each recipient, which mechanisms may be used and why, and every way the delivery could go. " +
					"Sends nothing. Without a body a sample one is used.",
			)
			.addOption(option("--at <when>", "ask about another moment: +2h, or RFC 3339 such as 2026-12-24T23:00:00Z")),
	).action(action(explain));
	examples(command, [
		["posthaste explain --to jsmith 'Lunch?'", "how John would be reached now"],
		["posthaste explain --to jsmith --priority urgent --at +10h", "and an urgent message tonight, in the quiet hours"],
		["posthaste explain --to jsmith --json | jq '.deliveries[0].deliveryPolicy'", "for programs"],
	]);
}

async function explain(words: readonly string[], options: ExplainOptions): Promise<void> {
	const client = clientOf(options);
	const draft = draftOf("", options);
	const body = (words.length === 0 ? undefined : readBody(words)) ?? sampleBody;
	const at = momentAsked(options.at);
	const explanation = await client.post<ExplanationDocument>("/v1/explain", { ...draft, body }, { query: { at } });
	if (options.json) {
		writeJson(explanation);
		return;
	}
	if (at !== undefined) {
		writeLine(paint("dim", `As of ${momentOf(explanation.at)}`));
	}
	for (const [index, delivery] of explanation.deliveries.entries()) {
		writeLine(`${index > 0 ? "\n" : ""}${explanationLines(delivery, columns()).join("\n")}`);
	}
}

/** RFC 3339 text for the moment that `--at` names; a leading + counts from now. */
function momentAsked(written: string | undefined): string | undefined {
	if (written === undefined) {
		return undefined;
	}
	const length = written.startsWith("+") ? parseDuration(written.slice(1)) : undefined;
	const moment = length === undefined ? Date.parse(written) : Date.now() + length;
	if (Number.isNaN(moment)) {
		throw usageFailure(`--at ${written} is neither +2h nor a moment such as 2026-12-24T23:00:00Z`);
	}
	return new Date(moment).toISOString();
}

type ExplainedDelivery = ExplanationDocument["deliveries"][number];

export function explanationLines(delivery: ExplainedDelivery, width: number): readonly string[] {
	const { recipient, manager, configuration } = delivery;
	const name = recipient.name === recipient.id ? "" : ` ${paint("dim", `(${recipient.id})`)}`;
	const plugin = `(${manager.plugin} ${manager.version}) because ${selectionReasons[manager.reason]}`;
	return [
		`${paint("bold", recipient.name)}${name}`,
		...hanging("  manager        ", `${paint("bold", manager.name)} ${paint("dim", plugin)}`, width),
		...hanging(
			"  configuration  ",
			`${paint("bold", configuration.name)} ${paint("dim", `revision ${configuration.revision}`)}`,
			width,
		),
		"",
		...policyTable(delivery, width),
		"",
		...treeLines(delivery.tree, width - 2).map((line) => `  ${line}`),
		...(delivery.cut ? [paint("dim", "  Some branches are not shown: the tree is too large.")] : []),
	];
}
