import { useDocumentTitle } from "@mantine/hooks";
import { usePrompts } from "../../hooks/use-prompts.ts";
import { PromptCard } from "./PromptCard.tsx";
import classes from "./Prompts.module.css";

/**
 * The open questions to senders. The region stands from the start, so that a question that comes is announced.
 * @param title the page's, while there is no question
 */
export function Prompts({ title }: { readonly title: string }) {
	const { data } = usePrompts();
	const prompts = data?.items ?? [];
	useDocumentTitle(prompts.length === 0 ? title : `(${prompts.length}) Question · Posthaste`);
	return (
		<div className={classes.prompts} aria-live="polite" aria-relevant="additions" data-testid="prompts">
			{prompts.map((prompt) => (
				<PromptCard key={prompt.id} prompt={prompt} />
			))}
		</div>
	);
}
