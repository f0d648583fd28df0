import { Input, SegmentedControl } from "@mantine/core";
import { priorities } from "@posthaste/core";
import { type ReactNode, useId } from "react";
import type { FieldProps } from "./use-compose-form.ts";

const priorityChoices = priorities.map((value) => ({ value, label: value[0]?.toUpperCase() + value.slice(1) }));

const answerChoices = [
	{ value: "ask", label: "Ask me" },
	{ value: "yes", label: "Yes" },
	{ value: "no", label: "No" },
];

/** A choice of few words, with a label that screen readers tie to the group. */
function Choice({ label, children }: ChoiceProps) {
	const id = useId();
	return (
		<Input.Wrapper label={label} labelElement="div" labelProps={{ id }}>
			{children(id)}
		</Input.Wrapper>
	);
}

interface ChoiceProps {
	readonly label: string;
	readonly children: (labelledBy: string) => ReactNode;
}

export function PriorityField({ form }: FieldProps) {
	return (
		<Choice label="Priority">
			{(labelledBy) => (
				<SegmentedControl
					fullWidth
					size="sm"
					data={priorityChoices}
					aria-labelledby={labelledBy}
					data-testid="priority"
					key={form.key("priority")}
					{...form.getInputProps("priority")}
				/>
			)}
		</Choice>
	);
}

export function StandingAnswerField({ form }: FieldProps) {
	return (
		<Choice label="If a question comes up">
			{(labelledBy) => (
				<SegmentedControl
					fullWidth
					size="sm"
					data={answerChoices}
					aria-labelledby={labelledBy}
					data-testid="standing-answer"
					key={form.key("prompts")}
					{...form.getInputProps("prompts")}
				/>
			)}
		</Choice>
	);
}
