import { ActionIcon, TextInput } from "@mantine/core";
import type { InboxMessage } from "@posthaste/mechanism-web/client";
import { IconSend2 } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import classes from "./ImWindow.module.css";

interface ReplyBoxProps {
	readonly to: InboxMessage | undefined;
	readonly disabled: boolean;
	readonly onReply: (attempt: string, body: string) => void;
}

export function ReplyBox({ to, disabled, onReply }: ReplyBoxProps) {
	const [text, setText] = useState("");
	const unusable = disabled || to === undefined;
	const submit = (event: FormEvent) => {
		event.preventDefault();
		if (!unusable && text.trim() !== "") {
			onReply(to.attempt, text.trim());
			setText("");
		}
	};
	return (
		<form className={classes.reply} onSubmit={submit} aria-label="Reply by IM">
			<TextInput
				size="sm"
				aria-label="Reply"
				placeholder={to === undefined ? "Reply" : `Reply to ${to.from}`}
				value={text}
				maxLength={4000}
				disabled={unusable}
				onChange={(event) => setText(event.currentTarget.value)}
				data-testid="im-reply-field"
			/>
			<ActionIcon
				type="submit"
				size={36}
				variant="light"
				aria-label="Send reply"
				disabled={unusable || text.trim() === ""}
				data-testid="im-reply-send"
			>
				<IconSend2 size={18} aria-hidden />
			</ActionIcon>
		</form>
	);
}
