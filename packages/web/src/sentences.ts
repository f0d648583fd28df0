/**
 * The journal in sentences, ready to be shown: the core's words, with their moments as parts of their
 * own (the page shows them in the reader's time) and the evidence apart (the page shows it small).
 */
import { type JournalDocument, type SettleReason, sentenceOf, settleReasons, type Tone } from "@posthaste/core";

/** A piece of a sentence: words, or a moment in milliseconds since the epoch. */
export type Part = string | { readonly moment: number };

export interface JournalSentence {
	readonly parts: readonly Part[];
	readonly tone: Tone;
	/** The words behind it: a server's reply, an error's text. */
	readonly evidence?: string;
}

/** Marks a moment within the core's sentence; no one types it. */
const mark = "\u0001";

/** @param recipient the recipient's name as people read it */
export function journalSentence(entry: JournalDocument, recipient: string): JournalSentence {
	const { text, tone } = wordsFor(bare(entry), recipient);
	const evidence = evidenceOf(entry);
	return { parts: splitMoments(text), tone, ...(evidence !== undefined && { evidence }) };
}

/** A newer program may write entries that this page has no words for yet; they must not take the page down. */
function wordsFor(entry: JournalDocument, recipient: string): { readonly text: string; readonly tone: Tone } {
	try {
		return sentenceOf(entry, { recipient, time: (moment) => `${mark}${moment}${mark}` });
	} catch {
		return { text: entry.type, tone: "neutral" };
	}
}

function evidenceOf(entry: JournalDocument): string | undefined {
	const words = "evidence" in entry ? entry.evidence : "detail" in entry ? entry.detail : undefined;
	return words === "" ? undefined : words;
}

function bare(entry: JournalDocument): JournalDocument {
	const {
		evidence: _evidence,
		detail: _detail,
		...rest
	} = entry as JournalDocument & {
		readonly evidence?: string;
		readonly detail?: string;
	};
	return rest as JournalDocument;
}

function splitMoments(text: string): readonly Part[] {
	return text
		.split(mark)
		.map((piece, index) => (index % 2 === 1 ? { moment: Number(piece) } : piece))
		.filter((part) => part !== "");
}

/** Why a delivery is held or was settled. A newer program may have reasons that this page has no words for yet. */
export function reasonSentence(reason: SettleReason): string {
	const text = settleReasons[reason] ?? reason;
	return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
