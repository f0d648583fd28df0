import type { JournalDocument, Tone } from "@posthaste/core";
import {
	IconArrowBackUp,
	IconArrowForwardUp,
	IconCheck,
	IconClock,
	IconFlag,
	IconHandStop,
	IconMessageQuestion,
	IconNote,
	IconPlayerPlay,
	IconRefresh,
	IconRoute,
	IconSend,
	IconX,
} from "@tabler/icons-react";

type Icon = typeof IconCheck;

const icons: Partial<Record<JournalDocument["type"], Icon>> = {
	began: IconPlayerPlay,
	policies: IconRoute,
	attempt: IconSend,
	"passed-over": IconArrowForwardUp,
	postponed: IconClock,
	wait: IconClock,
	"time-passed": IconClock,
	consult: IconRoute,
	effect: IconRoute,
	stranded: IconHandStop,
	retry: IconRefresh,
	prompt: IconMessageQuestion,
	"prompt-closed": IconMessageQuestion,
	"prompt-withdrawn": IconMessageQuestion,
	answered: IconMessageQuestion,
	note: IconNote,
	retract: IconArrowBackUp,
	retracted: IconArrowBackUp,
	held: IconHandStop,
	resolved: IconHandStop,
	settled: IconFlag,
};

/** Entries that are about what a mechanism came to are marked by how it went. */
export function EntryIcon({ entry }: { readonly entry: JournalDocument }) {
	const went = entry.type === "gave-up" || entry.type === "cancelled" || isFailure(entry) ? IconX : IconCheck;
	const Icon = icons[entry.type] ?? went;
	return <Icon size={14} stroke={2.2} aria-hidden />;
}

function isFailure(entry: JournalDocument): boolean {
	return entry.type === "outcome" && entry.outcome !== "accepted";
}

const questions: ReadonlySet<JournalDocument["type"]> = new Set(["prompt", "held"]);

/** Questions to people stand out from what only happens. */
export function toneOf(entry: JournalDocument, tone: Tone): Tone | "question" {
	return questions.has(entry.type) ? "question" : tone;
}
