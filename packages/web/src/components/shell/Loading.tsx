import { Skeleton, Stack, VisuallyHidden } from "@mantine/core";

/** Grey lines where something is about to stand. */
export function Loading({ what, lines = 3 }: { readonly what: string; readonly lines?: number }) {
	return (
		<Stack gap="sm" aria-busy="true">
			<VisuallyHidden>Loading {what}</VisuallyHidden>
			{Array.from({ length: lines }, (_, line) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: the lines have no other identity and never move.
				<Skeleton key={line} height={34} radius="md" />
			))}
		</Stack>
	);
}
