/** The policies, worked out once more from the configuration as it was, in the auditor's own way. */
import type {
	DeliveryEntry,
	Draft,
	ManagerRecord,
	MechanismRecord,
	Milliseconds,
	QuietHours,
	Selection,
	User,
} from "@posthaste/core";
import type { Scenario, SimulatedMechanism } from "../scenario.ts";
import type { AuditedDelivery } from "./evidence.ts";
import { lengthOf } from "./evidence.ts";
import type { History } from "./history.ts";

export type AuditedStep =
	| {
			readonly do: "attempt";
			readonly selectors: readonly string[] | "all";
			readonly mode: "serial" | "parallel";
			readonly until: string;
			readonly within: Milliseconds;
	  }
	| { readonly do: "ask"; readonly question: string; readonly within: Milliseconds; readonly otherwise: string }
	| { readonly do: "wait"; readonly duration: Milliseconds }
	| { readonly do: "note"; readonly text: string };

/** A row of a manager's table that may have been the one in force. */
export interface Row {
	readonly manager: string;
	readonly name: string;
	readonly revision: number;
	readonly unknown: string;
	readonly steps: readonly AuditedStep[];
}

const priorities = ["low", "normal", "high", "urgent"];
const conditions: Readonly<Record<string, (draft: Draft) => boolean>> = {
	'message.priority == "urgent"': ({ properties }) => properties?.priority === "urgent",
	'message.category == "ops"': ({ properties }) => properties?.category === "ops",
	'message.priority != "low"': ({ properties }) => properties?.priority !== "low",
};

function holds(when: string | undefined, draft: Draft): boolean {
	const judged = when === undefined ? () => true : conditions[when];
	if (judged === undefined) {
		throw new Error(`the auditor does not know the condition ${when}`);
	}
	return judged(draft);
}

/** Every row by which a message may have been begun at a moment. */
export function rowsAt(moment: Milliseconds, draft: Draft, history: History): readonly Row[] {
	const selections = history.at<Selection>("selection/selection", moment);
	return selections.flatMap((selection) => {
		const rule = selection?.rules.find(({ when }) => holds(when, draft));
		const name = draft.manager ?? rule?.manager ?? selection?.defaultManager ?? "";
		return history.at<ManagerRecord>(`managers/${name}`, moment).flatMap((manager) => {
			const row = manager?.configurations.find(({ when }) => holds(when, draft));
			return manager === undefined || row === undefined
				? []
				: [
						{
							manager: name,
							name: row.name,
							revision: manager.revision,
							unknown: row.unknown ?? "resend",
							steps: manager.use === "broadcast" ? everything(row.settings) : chain(row.settings),
						},
					];
		});
	});
}

interface WrittenStep {
	readonly attempt?: readonly string[];
	readonly ask?: string;
	readonly wait?: string;
	readonly note?: string;
	readonly mode?: "serial" | "parallel";
	readonly until?: string;
	readonly within?: string;
	readonly otherwise?: string;
}

function chain(settings: Readonly<Record<string, unknown>>): readonly AuditedStep[] {
	return (settings.steps as readonly WrittenStep[]).map((step): AuditedStep => {
		const { mode = "serial", until = "accepted", otherwise = "no" } = step;
		if (step.attempt !== undefined) {
			return { do: "attempt", selectors: step.attempt, mode, until, within: lengthOf(step.within ?? "60s") };
		}
		if (step.ask !== undefined) {
			return { do: "ask", question: step.ask, within: lengthOf(step.within ?? "300s"), otherwise };
		}
		return step.wait === undefined
			? { do: "note", text: step.note ?? "" }
			: { do: "wait", duration: lengthOf(step.wait) };
	});
}

function everything(settings: Readonly<Record<string, unknown>>): readonly AuditedStep[] {
	const { mechanisms = "all", until = "acknowledged", within = "600s" } = settings;
	return [
		{
			do: "attempt",
			selectors: mechanisms as readonly string[] | "all",
			mode: "parallel",
			until: until as string,
			within: lengthOf(within as string),
		},
	];
}

/** The mechanisms of a person's table, in their order, those of them that the routing policy kept, and all there were. */
export interface Table {
	readonly all: readonly string[];
	readonly kept: readonly string[];
	readonly there: readonly string[];
}

/** The mechanisms that a step's selectors mean for this person, in order. */
export function meantBy(selectors: readonly string[] | "all", table: Table, scenario: Scenario): readonly string[] {
	const there = scenario.mechanisms.filter(({ name }) => table.there.includes(name));
	const kindOf = new Map(there.map(({ name, kind }) => [name, kind as string]));
	const meant = (selector: string): readonly string[] => {
		const kind = selector.startsWith("kind:") ? selector.slice(5) : selector;
		return kindOf.has(selector)
			? [selector]
			: table.all.filter((name) => name === selector || kindOf.get(name) === kind);
	};
	return selectors === "all" ? table.kept : [...new Set(selectors.flatMap(meant))];
}

/** Everything that a row of a table names for this person. */
export function allowedBy(steps: readonly AuditedStep[], table: Table, scenario: Scenario): ReadonlySet<string> {
	const named = steps.flatMap((step) => (step.do === "attempt" ? meantBy(step.selectors, table, scenario) : []));
	return new Set(named.filter((name) => table.all.includes(name)));
}

export type Refusal =
	| "no-such-mechanism"
	| "bad-address"
	| "condition-failed"
	| "not-in-table"
	| "disabled"
	| "recipient-condition"
	| "quiet-hours"
	| "cannot-encrypt"
	| "no-key"
	| "body-too-large";

/** One way in which a mechanism and a person's entry for it may have stood at a moment. */
export interface Stand {
	readonly entry: DeliveryEntry | undefined;
	readonly refusals: readonly Refusal[];
	readonly quietUntil: Milliseconds | undefined;
}

/** Every way in which a mechanism may have stood towards a delivery at a moment, its health apart. */
export function standsAt(
	mechanism: string,
	{ row, draft }: AuditedDelivery,
	moment: Milliseconds,
	history: History,
	scenario: Scenario,
): readonly Stand[] {
	const about = scenario.mechanisms.find(({ name }) => name === mechanism);
	const records = history.at<MechanismRecord>(`mechanisms/${mechanism}`, moment);
	const users = history.at<User>(`users/${row.recipient}`, moment);
	const plugins = history.installed.at(`mechanism:virtual-${mechanism}`, moment);
	return users.flatMap((user) =>
		records.flatMap((record): Stand[] => {
			const entry = user?.mechanisms.find((one) => one.mechanism === mechanism);
			if (record === undefined || about === undefined) {
				return [{ entry, refusals: ["no-such-mechanism"], quietUntil: undefined }];
			}
			const quietUntil = entry?.quiet === undefined ? undefined : quietEnd(entry.quiet, draft, moment);
			return plugins.map(({ active }) => {
				const refusals = [
					...(record.disabled ? (["disabled"] as const) : []),
					...(entry === undefined
						? (["not-in-table"] as const)
						: entryRefusals(entry, draft, about, quietUntil, active)),
				];
				return { entry, refusals, quietUntil };
			});
		}),
	);
}

/** Whether a person's quiet hours for a mechanism end at this moment, and their entry says to wait for it. */
export function waitsUntil({ entry, quietUntil }: Stand, until: Milliseconds): boolean {
	return quietUntil === until && entry?.quiet?.then === "wait";
}

/** The second version of every mechanism's plugin takes these addresses only. */
const strictVersion = "2.0.0";
const strict = /\/[12]$/;
/** It reads what no sender says. */
const failing = "message.properties.weight > 3.0";

function entryRefusals(
	entry: DeliveryEntry,
	draft: Draft,
	{ capabilities }: SimulatedMechanism,
	quietUntil: Milliseconds | undefined,
	version: string | null,
): readonly Refusal[] {
	const confidential = draft.properties?.confidential === true;
	const found: [Refusal, boolean][] = [
		["bad-address", version === strictVersion && !strict.test(String(entry.address.to))],
		["condition-failed", entry.when === failing],
		["recipient-condition", entry.when !== failing && !holds(entry.when, draft)],
		["quiet-hours", quietUntil !== undefined],
		["cannot-encrypt", confidential && capabilities.encryption !== true],
		["no-key", confidential && entry.publicKey === undefined],
		["body-too-large", draft.body.length > (capabilities.sizeLimit ?? Number.POSITIVE_INFINITY)],
	];
	return found.filter(([, applies]) => applies).map(([refusal]) => refusal);
}

const day: Milliseconds = 86_400_000;

/** Scenarios' people live in UTC, where every day has 24 hours. */
function quietEnd({ from, to, except }: QuietHours, draft: Draft, moment: Milliseconds): Milliseconds | undefined {
	const priority = priorities.indexOf(draft.properties?.priority ?? "normal");
	if (except !== undefined && priority >= priorities.indexOf(except)) {
		return undefined;
	}
	const midnight = Math.floor(moment / day) * day;
	const ends = [midnight - day, midnight].flatMap((start) => {
		const begins = start + clockTime(from);
		const ends = start + clockTime(to) + (clockTime(to) <= clockTime(from) ? day : 0);
		return begins <= moment && moment < ends ? [ends] : [];
	});
	return ends.length === 0 ? undefined : Math.max(...ends);
}

function clockTime(written: string): Milliseconds {
	const [hours, minutes] = written.split(":").map(Number);
	return ((hours ?? 0) * 60 + (minutes ?? 0)) * 60_000;
}
