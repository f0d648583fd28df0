import Markdown from "react-markdown";
import classes from "./MessageBody.module.css";

interface MessageBodyProps {
	readonly body: string;
	readonly format?: "text" | "markdown";
}

/** A message's words. Markdown is drawn without HTML of the sender's, and pictures of elsewhere are not fetched. */
export function MessageBody({ body, format = "text" }: MessageBodyProps) {
	if (format === "text") {
		return <div className={classes.text}>{body}</div>;
	}
	return (
		<div className={classes.markdown}>
			<Markdown
				components={{
					a: ({ href, children }) => (
						<a href={href} target="_blank" rel="noreferrer noopener">
							{children}
						</a>
					),
					img: ({ src, alt }) => <span>[{alt || String(src)}]</span>,
				}}
			>
				{body}
			</Markdown>
		</div>
	);
}
