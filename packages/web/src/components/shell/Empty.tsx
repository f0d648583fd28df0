import { Text } from "@mantine/core";
import type { ReactNode } from "react";

/** What stands where there is nothing yet. */
export function Empty({ icon, children }: { readonly icon?: ReactNode; readonly children: ReactNode }) {
	return (
		<div style={{ padding: "28px 12px", textAlign: "center", color: "var(--ph-dim)" }}>
			{icon}
			<Text size="sm" c="dimmed" maw={360} mx="auto">
				{children}
			</Text>
		</div>
	);
}
