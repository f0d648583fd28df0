/** What the IM window shows: messages that came, what became of them, and the replies written here. */
import type { InboxMessage, ShownLevel } from "@posthaste/mechanism-web/client";

export interface IncomingLine {
	readonly line: "incoming";
	readonly message: InboxMessage;
	/** How far it came, here or in another window. */
	readonly level?: ShownLevel;
	readonly retracted: boolean;
}

export interface ReplyLine {
	readonly line: "reply";
	readonly key: string;
	readonly attempt: string;
	readonly body: string;
	readonly at: number;
}

export type Line = IncomingLine | ReplyLine;

export type ConversationEvent =
	| { readonly type: "message"; readonly message: InboxMessage }
	| { readonly type: "level"; readonly attempt: string; readonly level: ShownLevel }
	| { readonly type: "retract"; readonly attempt: string }
	| { readonly type: "reply"; readonly attempt: string; readonly body: string; readonly at: number };

const rank: readonly ShownLevel[] = ["delivered", "read", "acknowledged"];

/** Whether a message came at least as far as `asked`. */
export function came(level: ShownLevel | undefined, asked: ShownLevel): boolean {
	return level !== undefined && rank.indexOf(level) >= rank.indexOf(asked);
}

export function converse(lines: readonly Line[], event: ConversationEvent): readonly Line[] {
	switch (event.type) {
		case "message":
			return withMessage(lines, event.message);
		case "level":
			return change(lines, event.attempt, (line) =>
				came(line.level, event.level) ? line : { ...line, level: event.level },
			);
		case "retract":
			return change(lines, event.attempt, (line) => ({ ...line, retracted: true }));
		case "reply":
			return [...lines, { line: "reply", key: `reply-${lines.length}`, ...pickReply(event) }];
	}
}

function pickReply({ attempt, body, at }: Extract<ConversationEvent, { type: "reply" }>) {
	return { attempt, body, at };
}

/** A window that comes back online is told again what is not acknowledged; what stands here already stays as it is. */
function withMessage(lines: readonly Line[], message: InboxMessage): readonly Line[] {
	if (lines.some((line) => line.line === "incoming" && line.message.attempt === message.attempt)) {
		return message.level === undefined
			? lines
			: converse(lines, { type: "level", attempt: message.attempt, level: message.level });
	}
	return [
		...lines,
		{ line: "incoming", message, retracted: false, ...(message.level !== undefined && { level: message.level }) },
	];
}

function change(lines: readonly Line[], attempt: string, how: (line: IncomingLine) => IncomingLine): readonly Line[] {
	return lines.map((line) => (line.line === "incoming" && line.message.attempt === attempt ? how(line) : line));
}

/** The message that a reply written now belongs to: the last that was not taken back. */
export function replyTarget(lines: readonly Line[]): InboxMessage | undefined {
	return lines.findLast((line): line is IncomingLine => line.line === "incoming" && !line.retracted)?.message;
}
