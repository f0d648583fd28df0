import { Alert } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlugConnectedX } from "@tabler/icons-react";
import type { LiveStatus } from "../../live.ts";
import classes from "./Alert.module.css";

/** Shown when the server has been gone for more than a moment; a restart does not make the page jump. */
export function ConnectionBanner({ status }: { readonly status: LiveStatus }) {
	const [settled] = useDebouncedValue(status, 1_000);
	const lost = status === "lost" && settled === "lost";
	return (
		<div role="status" aria-live="polite">
			{lost && (
				<Alert
					classNames={classes}
					icon={<IconPlugConnectedX aria-hidden />}
					title="The server cannot be reached"
					data-testid="connection-banner"
				>
					What you see may be out of date. The page tries again by itself and catches up when the server is back.
				</Alert>
			)}
		</div>
	);
}
