import { Button, Group, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconRoute, IconSend } from "@tabler/icons-react";
import { toDraft } from "../../draft.ts";
import { useExplain, useSend } from "../../hooks/use-messages.ts";
import { ExplainDialog } from "../explain/ExplainDialog.tsx";
import { Panel } from "../shell/Panel.tsx";
import { Problem } from "../shell/Problem.tsx";
import { PriorityField, StandingAnswerField } from "./Choices.tsx";
import { ManagerField } from "./ManagerField.tsx";
import { MoreOptions } from "./MoreOptions.tsx";
import { FromField, ToField } from "./People.tsx";
import { Sent } from "./Sent.tsx";
import { BodyField, SubjectField } from "./Text.tsx";
import { useComposeForm } from "./use-compose-form.ts";

interface ComposeProps {
	/** Filled in while the sender has named nobody. */
	readonly suggestedRecipient: string | undefined;
	readonly onSent: (message: string) => void;
}

export function Compose({ suggestedRecipient, onSent }: ComposeProps) {
	const { form, showProblem, startNext, focusFirstError } = useComposeForm(suggestedRecipient);
	const [explaining, dialog] = useDisclosure(false);
	const send = useSend((id) => {
		startNext();
		onSent(id);
	});
	const explain = useExplain();
	const submit = (action: "send" | "explain") =>
		form.onSubmit((values) => {
			send.reset();
			explain.reset();
			if (action === "send") {
				send.mutate(toDraft(values), { onError: showProblem });
			} else {
				explain.mutate(toDraft(values), { onError: showProblem, onSuccess: dialog.open });
			}
		}, focusFirstError);
	const error = send.error ?? explain.error;
	return (
		<Panel title="Write a message" testId="compose">
			<form onSubmit={submit("send")} noValidate aria-label="Write a message">
				<Stack gap="sm">
					<ToField form={form} />
					<FromField form={form} />
					<SubjectField form={form} />
					<BodyField form={form} />
					<PriorityField form={form} />
					<ManagerField form={form} />
					<StandingAnswerField form={form} />
					<MoreOptions form={form} />
					{error !== null && (
						<Problem error={error} title={send.isError ? "The message was not sent" : "No explanation came"} />
					)}
					<Sent shown={send.isSuccess && !form.isDirty("body")} />
					<Group grow gap="sm" mt={4}>
						<Button
							variant="default"
							leftSection={<IconRoute size={17} aria-hidden />}
							loading={explain.isPending}
							onClick={() => submit("explain")()}
							data-testid="explain"
						>
							Explain
						</Button>
						<Button
							type="submit"
							leftSection={<IconSend size={17} aria-hidden />}
							loading={send.isPending}
							data-testid="send"
						>
							Send
						</Button>
					</Group>
				</Stack>
			</form>
			<ExplainDialog explanation={explain.data} opened={explaining} onClose={dialog.close} />
		</Panel>
	);
}
