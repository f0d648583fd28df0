/** One delivery: its numbers, its policies, and its way through the configuration's steps. */
import type { PolicyEntry, User } from "@posthaste/core";
import { type AuditedDelivery, type Evidence, entriesOf, type Violation } from "./evidence.ts";
import type { History } from "./history.ts";
import { auditPassedOver, auditPolicies, type Grounds } from "./passed-over.ts";
import { rowsAt, standsAt } from "./policy.ts";
import { signed } from "./versions.ts";
import { walk } from "./walk.ts";

export function auditDelivery(delivery: AuditedDelivery, grounds: Grounds): readonly Violation[] {
	const found = [
		...numbers(delivery),
		...rowFits(delivery),
		...way(delivery, grounds),
		...auditPassedOver(delivery, grounds),
	];
	return found.map((violation) => ({ ...violation, delivery: delivery.row.id }));
}

function numbers({ row, journal }: AuditedDelivery): Violation[] {
	const wrong = journal.findIndex(({ sequence }, index) => sequence !== index + 1);
	return [
		...(wrong === -1 ? [] : [{ rule: "gap" as const, text: `entry ${wrong + 1} has another number` }]),
		...(row.sequence === journal.length
			? []
			: [{ rule: "gap" as const, text: `the row says ${row.sequence} entries` }]),
	];
}

/** The row says what the journal says. */
function rowFits(delivery: AuditedDelivery): Violation[] {
	const { row } = delivery;
	const last = entriesOf(delivery, "settled").at(-1);
	const same =
		last === undefined || (row.state === last.state && row.reason === last.reason && row.settledAt === last.at);
	return same
		? []
		: [{ rule: "truth", text: `the row says ${row.state} since ${row.settledAt}, the journal ${last.at}` }];
}

function way(delivery: AuditedDelivery, grounds: Grounds): Violation[] {
	const { evidence, history } = grounds;
	const [began] = delivery.journal;
	const [policies] = entriesOf(delivery, "policies");
	if (began === undefined || policies === undefined) {
		return began === undefined ? [] : stranded(delivery, history);
	}
	const { name, revision, unknown } = policies.configuration;
	const found = rowsAt(began.at, delivery.draft, history).find(
		(one) => one.manager === policies.manager.name && one.name === name && one.revision === revision,
	);
	const row = found && signed(found, policies.manager);
	if (row === undefined || row.unknown !== unknown) {
		return [{ rule: "policy", text: `${policies.manager.name}/${name}@${revision} was not the one in force` }];
	}
	const table = tableOf(policies.routingPolicy, delivery, history, began.at);
	if (table === undefined) {
		return [{ rule: "policy", text: "the routing policy is of another table than the recipient's" }];
	}
	const unlisted = listedWrongly(policies.routingPolicy, evidence, history, began.at);
	if (unlisted !== undefined) {
		return [{ rule: "policy", text: `the routing policy is wrong about whether there is ${unlisted}` }];
	}
	const passed = policies.routingPolicy.filter((entry) => entry.kept).map(({ mechanism }) => mechanism);
	const both = { all: table, kept: passed, there: thereAt(policies.routingPolicy) };
	const { scenario } = evidence;
	const stands = (mechanism: string, at: number) => standsAt(mechanism, delivery, at, history, scenario);
	const parted = walk(delivery, { row, table: both, scenario, stands });
	return [...auditPolicies(delivery, policies, row, both, grounds), ...(parted === undefined ? [] : [parted])];
}

/** It never began: then the recipient must be gone. */
function stranded(delivery: AuditedDelivery, history: History): Violation[] {
	const { row, journal } = delivery;
	const users = history.at<User>(`users/${row.recipient}`, journal[0]?.at ?? 0);
	const gone = row.reason === "no-such-user" && users.includes(undefined);
	return gone ? [] : [{ rule: "truth", text: `it never began, as ${row.reason}` }];
}

/** The mechanisms of the recipient's table, as it was when the delivery began. */
function tableOf(
	routing: readonly PolicyEntry[],
	{ row }: AuditedDelivery,
	history: History,
	at: number,
): readonly string[] | undefined {
	const own = routing.filter(({ reason }) => reason !== "not-in-table").map(({ mechanism }) => mechanism);
	return history
		.at<User>(`users/${row.recipient}`, at)
		.map((user) => user?.mechanisms.map(({ mechanism }) => mechanism))
		.find((table) => table?.join() === own.join());
}

/** A mechanism that is in the routing policy although there was none of that name, or the other way round. */
function listedWrongly(
	routing: readonly PolicyEntry[],
	{ scenario }: Evidence,
	history: History,
	at: number,
): string | undefined {
	const there = thereAt(routing);
	const names = scenario.mechanisms.map(({ name }) => name);
	return names.find((name) => {
		const records = history.at(`mechanisms/${name}`, at);
		return !records.some((record) => (record !== undefined) === there.includes(name));
	});
}

/** The mechanisms that there were when the delivery began. */
function thereAt(routing: readonly PolicyEntry[]): readonly string[] {
	return routing.filter(({ reason }) => reason !== "no-such-mechanism").map(({ mechanism }) => mechanism);
}
