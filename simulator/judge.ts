/** Plays a scenario and has it audited. */
import { audit } from "./audit/audit.ts";
import { Evidence, type Violation } from "./audit/evidence.ts";
import { type Played, play } from "./play.ts";
import type { Scenario } from "./scenario.ts";
import type { Bug } from "./world.ts";

export interface Judged extends Played {
	readonly violations: readonly Violation[];
}

export async function judge(scenario: Scenario, bug: Bug = {}): Promise<Judged> {
	const played = await play(scenario, bug);
	return { ...played, violations: audit(evidenceOf(played)) };
}

function evidenceOf({ scenario, events, disk }: Played): Evidence {
	const deliveries = [...disk.deliveries.values()].map(({ row }) => ({
		row,
		journal: disk.journal(row.id),
		subject: disk.message(row.message)?.message.subject ?? "",
	}));
	return new Evidence({ scenario, events, deliveries, openPrompts: [...disk.prompts.values()] });
}
