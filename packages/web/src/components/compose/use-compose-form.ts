import { type FormErrors, type UseFormReturnType, useForm } from "@mantine/form";
import { useLocalStorage } from "@mantine/hooks";
import { useEffect } from "react";
import { ApiError } from "../../api.ts";
import { blankMessage, type ComposeField, type ComposeValues, checkValues, fieldErrors } from "../../draft.ts";

export type ComposeForm = UseFormReturnType<ComposeValues>;
export interface FieldProps {
	readonly form: ComposeForm;
}

/** Who writes to whom is remembered in this browser. */
const storage = { getInitialValueInEffect: false } as const;

export function useComposeForm(suggestedRecipient: string | undefined) {
	const [from, rememberFrom] = useLocalStorage({ key: "posthaste-from", defaultValue: "", ...storage });
	const [to, rememberTo] = useLocalStorage<string[]>({ key: "posthaste-to", defaultValue: [], ...storage });
	const form = useForm<ComposeValues>({
		initialValues: { ...blankMessage, from: from === "" ? "dispatch" : from, to },
		validate: checkValues,
	});
	useSuggestion(form, suggestedRecipient);
	return {
		form,
		/** The next message: the same people, nothing else kept. */
		startNext: () => {
			const { from: sender, to: recipients, manager } = form.getValues();
			rememberFrom(sender);
			rememberTo(recipients);
			form.setValues({ ...blankMessage, from: sender, to: recipients, manager });
			form.clearErrors();
		},
		/** Puts what the program says about a field to that field. */
		showProblem: (error: unknown) => {
			if (error instanceof ApiError && error.problem !== undefined) {
				const errors = fieldErrors(error.problem);
				form.setErrors(errors);
				focusFirst(form, errors);
			}
		},
		focusFirstError: (errors: FormErrors) => focusFirst(form, errors),
	};
}

function useSuggestion(form: ComposeForm, suggested: string | undefined): void {
	const { getValues, setFieldValue } = form;
	useEffect(() => {
		if (suggested !== undefined && getValues().to.length === 0) {
			setFieldValue("to", [suggested]);
		}
	}, [suggested, getValues, setFieldValue]);
}

const order: readonly ComposeField[] = ["to", "from", "subject", "body", "manager", "expires", "category"];

function focusFirst(form: ComposeForm, errors: FormErrors): void {
	const first = order.find((field) => field in errors);
	if (first !== undefined) {
		// A field within the folded options can take the focus only after it unfolded.
		requestAnimationFrame(() => form.getInputNode(first)?.focus());
	}
}
