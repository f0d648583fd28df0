/** Questions as their senders saw them: each was shown in time, as it stands in the journal, and no other was. */
import type { Milliseconds } from "@posthaste/core";
import { type AuditedDelivery, type EntryOf, type Evidence, entriesOf, type Violation } from "./evidence.ts";
import { type Trouble, troublesOf } from "./trouble.ts";

/** Senders look for questions every 20 seconds, so that they see each that is open for so long. */
const looksWithin: Milliseconds = 45_000;

export function auditQuestions(evidence: Evidence): readonly Violation[] {
	const troubles = troublesOf(evidence);
	const shown = new Map(evidence.of("question").map(({ prompt, text }) => [prompt, text]));
	const asked = evidence.deliveries.flatMap((delivery) =>
		entriesOf(delivery, "prompt").flatMap((entry): Violation[] => {
			const text = shown.get(entry.prompt);
			shown.delete(entry.prompt);
			const wrong = text === undefined ? unseen(entry, delivery, troubles) : misread(entry, text);
			return wrong === undefined ? [] : [{ rule: "prompt", delivery: delivery.row.id, text: wrong }];
		}),
	);
	const invented = [...shown.keys()].map((prompt) => ({
		rule: "prompt" as const,
		delivery: prompt.slice(0, prompt.lastIndexOf(".")),
		text: `${prompt} was shown, and stands in no journal`,
	}));
	return [...asked, ...invented];
}

function misread({ prompt, question }: EntryOf<"prompt">, text: string): string | undefined {
	return text === question ? undefined : `${prompt} was shown as "${text}"`;
}

/** Nobody saw it: then it was open for a moment only, or nobody could look. */
function unseen(
	{ prompt, at, sequence }: EntryOf<"prompt">,
	delivery: AuditedDelivery,
	troubles: readonly Trouble[],
): string | undefined {
	const closings = ["prompt-closed", "prompt-withdrawn", "settled"];
	const closed = delivery.journal.find((entry) => entry.sequence > sequence && closings.includes(entry.type));
	const until = closed?.at ?? Number.POSITIVE_INFINITY;
	const excused = until - at <= looksWithin || troubles.some(({ from, to }) => from <= until && to >= at);
	return excused ? undefined : `${prompt} was open for ${until - at} ms, and was never shown`;
}
