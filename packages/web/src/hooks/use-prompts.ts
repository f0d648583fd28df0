import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answerPrompt, listPrompts } from "../api.ts";
import { keys } from "./keys.ts";

/** Open questions, oldest first. */
export function usePrompts() {
	return useQuery({ queryKey: keys.prompts, queryFn: listPrompts });
}

export function useAnswer(prompt: string) {
	const client = useQueryClient();
	return useMutation({
		meta: { showsItsErrors: true },
		mutationFn: (answer: "yes" | "no") => answerPrompt(prompt, answer),
		onSettled: () => client.invalidateQueries({ queryKey: keys.prompts }),
	});
}
