/**
 * Plugins and their versions: that each delivery met one version of its manager and no other, that the journal has
 * what this version said, and that whatever was held for want of it could not go on.
 */
import type { Milliseconds, Policies } from "@posthaste/core";
import { type AuditedDelivery, type EventOf, type Evidence, entriesOf, type Rule, type Violation } from "./evidence.ts";
import type { History } from "./history.ts";
import type { AuditedStep, Row } from "./policy.ts";

/** The manager that runs elsewhere. It says its version first, in the second version with each step. */
export const elsewhere = "distant-sequence";
const first = "1.0.0";

export interface Installed {
	readonly active: string | null;
	readonly versions: readonly string[];
}

interface Version extends Installed {
	readonly from: Milliseconds;
	/** From this moment on it is in force: somebody was told, or the program was started with it. */
	readonly told: Milliseconds;
}

const nothing: Installed = { active: null, versions: [] };

/** What was installed at each moment. */
export class Installations {
	readonly #versions = new Map<string, Version[]>();
	readonly #evidence: Evidence;

	constructor(evidence: Evidence) {
		this.#evidence = evidence;
		const starts = evidence.of("started").map(({ at }) => at);
		const tellings = evidence.of("installed-told");
		for (const { plugin, active, versions, number, at } of evidence.of("installed")) {
			const moments = [
				starts.find((start) => start >= at),
				tellings.find((told) => told.number >= number && told.at >= at)?.at,
			];
			const told = Math.min(...moments.map((moment) => moment ?? Number.POSITIVE_INFINITY));
			const known = this.#versions.get(plugin) ?? [];
			known.push({ active, versions, from: at, told });
			this.#versions.set(plugin, known);
		}
	}

	/** What may have been in force: what was relied on last, and what was being changed. */
	at(plugin: string, moment: Milliseconds): readonly Installed[] {
		const versions = this.#versions.get(plugin) ?? [];
		const [earliest, latest] = [this.#evidence.earliest(moment), this.#evidence.latest(moment)];
		const possible = versions.filter(
			({ from }, index) => from <= latest && versions.slice(index + 1).every(({ told }) => told >= earliest),
		);
		return versions.every(({ told }) => told >= earliest) ? [nothing, ...possible] : possible;
	}
}

/** The steps as this version takes them. */
export function signed({ steps, ...row }: Row, { plugin, version }: Policies["manager"]): Row {
	if (plugin !== elsewhere) {
		return { ...row, steps };
	}
	const note: AuditedStep = { do: "note", text: `by ${plugin} ${version}` };
	const taken = version === first ? [note, ...steps] : steps.flatMap((step) => [note, step]);
	return { ...row, steps: taken };
}

export function auditVersions(evidence: Evidence, { installed }: History): readonly Violation[] {
	const said = new Map<string, EventOf<"consulted">[]>();
	for (const event of evidence.of("consulted")) {
		const others = said.get(event.delivery) ?? [];
		others.push(event);
		said.set(event.delivery, others);
	}
	return evidence.deliveries.flatMap((delivery) =>
		judge(delivery, said.get(delivery.row.id) ?? [], installed).map(([rule, text]) => ({
			...{ rule, delivery: delivery.row.id, text },
		})),
	);
}

type Found = readonly [Rule, string];

function judge(delivery: AuditedDelivery, said: readonly EventOf<"consulted">[], installed: Installations): Found[] {
	const [policies] = entriesOf(delivery, "policies");
	if (policies === undefined || policies.manager.plugin !== elsewhere) {
		return said.length > 0 || entriesOf(delivery, "consult").length > 0
			? [["version", "a manager was asked that is not this delivery's"]]
			: [];
	}
	const { version } = policies.manager;
	const began = installed.at(`manager:${elsewhere}`, policies.at);
	const others = said.filter((one) => one.version !== version);
	return [
		...(began.some(({ active }) => active === version)
			? []
			: [["version", `it began with version ${version}, which was not the one in use`] as const]),
		...others.map((one) => ["version", `version ${one.version} was asked, and it began with ${version}`] as const),
		...said.flatMap((one) => failedWrongly(one)),
		...effects(delivery, said),
		...strandings(delivery, version, said, installed),
	];
}

/** The same version is told what it said before, and has to want the same once more. */
function failedWrongly({ said }: EventOf<"consulted">): Found[] {
	return said !== null && "failed" in said && said.failed.includes("not deterministic")
		? [["version", said.failed]]
		: [];
}

/** Each effect in the journal is what the manager said after as many others. */
function effects(delivery: AuditedDelivery, said: readonly EventOf<"consulted">[]): Found[] {
	return entriesOf(delivery, "effect").flatMap(({ effect, at }, index) => {
		const text = JSON.stringify(effect);
		const is = said.some((one) => one.past === index && one.heard && one.at <= at && JSON.stringify(one.said) === text);
		return is ? [] : [["truth", `nobody said what effect ${index + 1} is`] as const];
	});
}

/** What is held for want of its manager could not go on: the version was not there, or did not answer. */
function strandings(
	delivery: AuditedDelivery,
	version: string,
	said: readonly EventOf<"consulted">[],
	installed: Installations,
): Found[] {
	return entriesOf(delivery, "stranded").flatMap(({ reason, at }) => {
		const could = installed.at(`manager:${elsewhere}`, at).some(({ versions }) => !versions.includes(version));
		const failed = said.some((one) => one.heard && one.at <= at && one.said !== null && "failed" in one.said);
		const holds = reason === "no-such-manager" ? could : reason === "manager-failed" && failed;
		return holds ? [] : [["truth", `it was held as ${reason}, which was not so`] as const];
	});
}
