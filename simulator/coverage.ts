/** What occurred in a run, by name: faults that never come show nothing. */
import type { JournalEntry } from "@posthaste/core";
import type { LoggedEvent } from "./log.ts";
import type { Played } from "./play.ts";

/** Counts of what occurred, over as many runs as were added. */
export class Coverage {
	readonly #counts = new Map<string, number>();

	add({ disk, events }: Played): void {
		for (const { row } of disk.deliveries.values()) {
			const journal = disk.journal(row.id);
			const stranded = journal.findIndex(({ type }) => type === "stranded");
			for (const [index, entry] of journal.entries()) {
				this.#count(namesOf(entry));
				this.#count(stranded !== -1 && index > stranded ? [`${entry.type} after stranded`] : []);
			}
			this.#count(stranded === -1 ? [] : [`${row.state} after stranded`]);
		}
		for (const event of events) {
			this.#count(eventNames(event));
		}
		this.#count(shownTwice(events));
	}

	get(name: string): number {
		return this.#counts.get(name) ?? 0;
	}

	/** Those of the names that never came. */
	missing(names: readonly string[]): readonly string[] {
		return names.filter((name) => this.get(name) === 0);
	}

	toString(): string {
		return [...this.#counts]
			.sort()
			.map(([name, count]) => `${name}: ${count}`)
			.join("\n");
	}

	#count(names: readonly string[]): void {
		for (const name of names) {
			this.#counts.set(name, this.get(name) + 1);
		}
	}
}

function namesOf(entry: JournalEntry): readonly string[] {
	switch (entry.type) {
		case "policies": {
			const { manager, routingPolicy, deliveryPolicy } = entry;
			const dropped = [...routingPolicy, ...deliveryPolicy].filter(({ kept }) => !kept);
			return [`${manager.plugin} ${manager.version}`, ...dropped.map(({ reason }) => `dropped as ${reason}`)];
		}
		case "passed-over":
		case "held":
		case "stranded":
		case "settled":
			return [`${entry.type} as ${entry.reason}`];
		default:
			return [entry.type];
	}
}

function eventNames(event: LoggedEvent): readonly string[] {
	switch (event.type) {
		case "refused":
			return [`refused as ${event.code}`];
		case "consulted":
			return [event.said !== null && "failed" in event.said ? "consulted in vain" : "consulted"];
		case "clock":
			return [event.by < 0 ? "clock set back" : event.kind];
		case "installed":
			return event.active === null ? ["plugin removed"] : [`${event.plugin} is ${event.active}`];
		case "changed":
			return event.changes.map(({ database, value }) => `${database} ${value === null ? "deleted" : "written"}`);
		default:
			return [event.type];
	}
}

/** Attempts that a person saw more often than the program handed them over. */
function shownTwice(events: readonly LoggedEvent[]): readonly string[] {
	const surplus = new Map<string, number>();
	for (const event of events) {
		if (event.type === "send" || event.type === "shown") {
			surplus.set(event.attempt, (surplus.get(event.attempt) ?? 0) + (event.type === "shown" ? 1 : -1));
		}
	}
	return [...surplus.values()].filter((count) => count > 0).map(() => "doubled");
}
