/**
 * Whether messages can be accepted now, as separate checks. Accepting is all that is asked: one mechanism
 * that is down does not keep messages from being accepted, while without any of them each new message
 * would end at once as `unreached`.
 */
import type { MechanismRecord, Milliseconds } from "@posthaste/core";
import type { Standing } from "../host/mechanisms.ts";

export interface Check {
	readonly ok: boolean;
	/** What is wrong, or what is worth knowing although it is no hindrance. */
	readonly detail?: string;
}

export const checkNames = ["store", "configuration", "load", "mechanisms", "closing"] as const;
export type CheckName = (typeof checkNames)[number];

export interface Readiness {
	readonly ready: boolean;
	/** The checks that fail, `NAME: DETAIL`. */
	readonly reasons: readonly string[];
	readonly checks: Readonly<Partial<Record<CheckName, Check>>>;
}

/** Ready when every check is. */
export function readinessOf(checks: Readiness["checks"]): Readiness {
	const failing = Object.entries(checks).filter(([, { ok }]) => !ok);
	const reasons = failing.map(([name, { detail }]) => (detail === undefined ? name : `${name}: ${detail}`));
	return { ready: reasons.length === 0, reasons, checks };
}

/** New messages are refused while more than this waits for the disk. */
export function loadCheck(pending: number, limit: number): Check {
	return pending > limit
		? { ok: false, detail: `${pending} writes wait for the disk; the limit is ${limit}` }
		: { ok: true };
}

/** Says no as well when messages are sent away before they come to the disk, whatever may wait there. */
export function withDoor(readiness: Readiness, shut: string | undefined): Readiness {
	if (shut === undefined || readiness.checks.load?.ok === false) {
		return readiness;
	}
	return readinessOf({ ...readiness.checks, load: { ok: false, detail: `messages are refused: ${shut}` } });
}

export function closingCheck(closing: boolean): Check {
	return closing ? { ok: false, detail: "Posthaste is shutting down" } : { ok: true };
}

/** A program without managers is as it should be before somebody defines some over the API. */
export function configurationCheck(managers: number): Check {
	return managers > 0 ? { ok: true } : { ok: true, detail: "no manager is defined yet, so every message is refused" };
}

/** Mechanisms named in the detail; `GET /v1/mechanisms` has them all, and why. */
const named = 10;

/** Fails when mechanisms are defined and none of them can be used. */
export function mechanismsCheck(
	records: readonly MechanismRecord[],
	standing: (name: string) => Pick<Standing, "inactive">,
): Check {
	const reasons = records.flatMap(({ name, disabled }) => {
		const reason = disabled ? "disabled" : standing(name).inactive?.reason;
		return reason === undefined ? [] : [`${name} (${reason})`];
	});
	if (records.length === 0) {
		return { ok: true, detail: "no mechanism is defined yet" };
	}
	const rest = reasons.length > named ? ` and ${reasons.length - named} more` : "";
	const list = `${reasons.slice(0, named).join(", ")}${rest}`;
	if (reasons.length === records.length) {
		return { ok: false, detail: `none is active: ${list}` };
	}
	return reasons.length === 0 ? { ok: true } : { ok: true, detail: `not active: ${list}` };
}

/** How the last reading of the configuration file went. A file that is refused is no hindrance: the one before serves. */
export class ConfigurationState {
	#refusedAt: Milliseconds | undefined;

	applied(): void {
		this.#refusedAt = undefined;
	}

	refused(at: Milliseconds): void {
		this.#refusedAt = at;
	}

	/** Adds to the check what is to be known of the file. */
	show(readiness: Readiness): Readiness {
		if (this.#refusedAt === undefined || readiness.checks.configuration?.ok !== true) {
			return readiness;
		}
		const at = new Date(this.#refusedAt).toISOString();
		const detail = `the file was refused at ${at}; the configuration before it goes on serving; the log says why`;
		return { ...readiness, checks: { ...readiness.checks, configuration: { ok: true, detail } } };
	}
}
