import { Button } from "@mantine/core";
import type { PromptDocument } from "@posthaste/core";
import { IconMessageQuestion } from "@tabler/icons-react";
import { useId } from "react";
import { ApiError } from "../../api.ts";
import { useNames } from "../../hooks/use-names.ts";
import { useAnswer } from "../../hooks/use-prompts.ts";
import { Problem } from "../shell/Problem.tsx";
import { Countdown } from "./Countdown.tsx";
import classes from "./Prompts.module.css";
import { usePolitePromptFocus } from "./use-polite-focus.ts";

/** A delivery's question to the sender, which it waits on. */
export function PromptCard({ prompt }: { readonly prompt: PromptDocument }) {
	const question = useId();
	const nameOf = useNames();
	const answer = useAnswer(prompt.id);
	const card = usePolitePromptFocus();
	// A question that is no longer open goes by itself; that somebody else answered it is nothing to complain about.
	const gone = answer.error instanceof ApiError && answer.error.problem?.code === "already-answered";
	return (
		<section
			ref={card}
			tabIndex={-1}
			className={classes.card}
			aria-labelledby={question}
			data-testid="prompt"
			data-prompt={prompt.id}
		>
			<span className={classes.icon}>
				<IconMessageQuestion size={30} stroke={1.6} aria-hidden />
			</span>
			<div>
				<p className={classes.to}>
					Question to {nameOf(prompt.sender)}, about the message to {nameOf(prompt.recipient)}
				</p>
				<h2 id={question} className={classes.question}>
					{prompt.question}
				</h2>
				<Countdown until={prompt.until} otherwise={prompt.otherwise} />
			</div>
			<div className={classes.answers}>
				<Button
					size="md"
					loading={answer.isPending && answer.variables === "yes"}
					disabled={answer.isPending || answer.isSuccess}
					onClick={() => answer.mutate("yes")}
					data-testid="prompt-yes"
				>
					Yes
				</Button>
				<Button
					size="md"
					variant="default"
					loading={answer.isPending && answer.variables === "no"}
					disabled={answer.isPending || answer.isSuccess}
					onClick={() => answer.mutate("no")}
					data-testid="prompt-no"
				>
					No
				</Button>
			</div>
			{answer.isError && !gone && (
				<div className={classes.problem}>
					<Problem error={answer.error} title="The answer was not taken" />
				</div>
			)}
		</section>
	);
}
