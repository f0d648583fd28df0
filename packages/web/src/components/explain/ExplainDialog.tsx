import { Modal, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { ExplanationDocument } from "@posthaste/core";
import { useState } from "react";
import { ExplainedRecipient, type TreeForm } from "./ExplainedRecipient.tsx";

interface ExplainDialogProps {
	readonly explanation: ExplanationDocument | undefined;
	readonly opened: boolean;
	readonly onClose: () => void;
}

/** What would happen to the message, and why. Nothing is sent. */
export function ExplainDialog({ explanation, opened, onClose }: ExplainDialogProps) {
	const narrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
	const [chosen, setChosen] = useState<TreeForm>();
	const form = chosen ?? (narrow ? "list" : "drawing");
	return (
		<Modal
			opened={opened}
			onClose={onClose}
			title="What would happen"
			size={1120}
			fullScreen={narrow}
			closeButtonProps={{ "aria-label": "Close" }}
			styles={{ title: { fontWeight: 650, fontSize: "1.1rem" } }}
		>
			<Stack gap="lg" data-testid="explanation">
				<Text size="sm" c="dimmed">
					Nothing has been sent. This is what the databases say now; what happens later depends on them then.
				</Text>
				{explanation?.deliveries.map((delivery) => (
					<ExplainedRecipient key={delivery.recipient.id} delivery={delivery} form={form} onForm={setChosen} />
				))}
			</Stack>
		</Modal>
	);
}
