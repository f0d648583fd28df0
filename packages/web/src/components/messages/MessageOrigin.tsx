import type { MessageDocument } from "@posthaste/core";
import { useNames } from "../../hooks/use-names.ts";
import { Moment } from "../shell/Moment.tsx";

interface MessageOriginProps {
	readonly message: MessageDocument;
	/** One of the recipients, where it is about nobody else. */
	readonly recipient?: string;
	readonly className?: string | undefined;
}

/** To whom, from whom, and when. */
export function MessageOrigin({ message, recipient, className }: MessageOriginProps) {
	const nameOf = useNames();
	return (
		<span className={className}>
			to {recipient === undefined ? recipientsOf(message, nameOf) : nameOf(recipient)} · from {message.from} ·{" "}
			<Moment at={message.acceptedAt} />
		</span>
	);
}

function recipientsOf({ to }: MessageDocument, nameOf: (user: string) => string): string {
	const named = to.slice(0, 3).map(nameOf).join(", ");
	return to.length > 3 ? `${named} and ${to.length - 3} more` : named;
}

/** What a message is called in lists: its subject, or how it begins. */
export function titleOf({ subject, body }: MessageDocument): string {
	return subject || (body.trim().split("\n", 1)[0]?.slice(0, 200) ?? "");
}
