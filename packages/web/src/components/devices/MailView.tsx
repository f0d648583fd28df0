import { Button, SegmentedControl } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { mailDocument } from "../../mail-document.ts";
import type { Mail } from "../../types.ts";
import { MessageBody } from "../shell/MessageBody.tsx";
import { Moment } from "../shell/Moment.tsx";
import classes from "./Mailbox.module.css";

/** One mail, as text or as its HTML within a frame that can do nothing. */
export function MailView({ mail, onBack }: { readonly mail: Mail; readonly onBack: () => void }) {
	const hasBoth = mail.html !== undefined && mail.html !== "" && mail.text !== undefined && mail.text !== "";
	const [form, setForm] = useState(mail.text ? "text" : "html");
	const back = useRef<HTMLButtonElement>(null);
	useEffect(() => back.current?.focus(), []);
	return (
		<article className={classes.mail} data-testid="opened-mail" aria-label={mail.subject || "Mail without a subject"}>
			<div className={classes.bar}>
				<Button
					ref={back}
					size="compact-xs"
					variant="subtle"
					ml={-6}
					leftSection={<IconArrowLeft size={15} aria-hidden />}
					onClick={onBack}
				>
					All mail
				</Button>
				{hasBoth && (
					<SegmentedControl
						size="xs"
						aria-label="Show the mail as"
						data={[
							{ value: "text", label: "Text" },
							{ value: "html", label: "HTML" },
						]}
						value={form}
						onChange={setForm}
					/>
				)}
			</div>
			<h4 className={classes.title}>{mail.subject || "(no subject)"}</h4>
			<div className={classes.meta}>
				From {mail.from} · <Moment at={mail.receivedAt} />
			</div>
			{form === "html" && mail.html ? (
				<iframe
					className={classes.html}
					title="The mail’s HTML"
					sandbox="allow-popups"
					referrerPolicy="no-referrer"
					srcDoc={mailDocument(mail.html)}
				/>
			) : (
				<MessageBody body={mail.text ?? ""} />
			)}
		</article>
	);
}
