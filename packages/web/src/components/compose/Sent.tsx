import { Group, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";

/** Says that the message is accepted; its timeline opens beside. */
export function Sent({ shown }: { readonly shown: boolean }) {
	return (
		<div role="status" data-testid="sent">
			{shown && (
				<Group gap={6} wrap="nowrap" c="var(--ph-good)">
					<IconCircleCheck size={17} aria-hidden />
					<Text size="sm">Accepted and on its way.</Text>
				</Group>
			)}
		</div>
	);
}
