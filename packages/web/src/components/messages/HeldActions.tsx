import { Button } from "@mantine/core";
import type { DeliveryDocument, Resolution } from "@posthaste/core";
import { useResolve } from "../../hooks/use-messages.ts";
import classes from "./Messages.module.css";

const choices = [
	{ resolution: "resend", label: "Send it again" },
	{ resolution: "next", label: "Go on with what comes next" },
	{ resolution: "end", label: "End the delivery" },
] as const satisfies readonly { resolution: Resolution; label: string }[];

/** Nothing is in doubt but the manager, so there is nothing to send again: it goes on where it stood. */
const withoutManager = [
	{ resolution: "resend", label: "Let it go on" },
	{ resolution: "end", label: "End the delivery" },
] as const satisfies readonly { resolution: Resolution; label: string }[];

/** A held delivery waits for a person's decision. */
export function HeldActions({ delivery }: { readonly delivery: DeliveryDocument }) {
	return (
		<div className={classes.held}>
			<span>A person has to decide:</span>
			<HeldChoices delivery={delivery} label="What to do with the held delivery" />
		</div>
	);
}

interface HeldChoicesProps {
	readonly delivery: DeliveryDocument;
	/** What the choices are about, for those who do not see where they stand. */
	readonly label: string;
}

/** What a person can decide. */
export function HeldChoices({ delivery, label }: HeldChoicesProps) {
	const offered = delivery.reason === "unknown-held" ? choices : withoutManager;
	const resolve = useResolve(delivery.message, delivery.id);
	return (
		// biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields; these are commands.
		<div className={classes.choices} role="group" aria-label={label}>
			{offered.map(({ resolution, label }) => (
				<Button
					key={resolution}
					size="xs"
					variant="default"
					loading={resolve.isPending && resolve.variables === resolution}
					disabled={resolve.isPending}
					onClick={() => resolve.mutate(resolution)}
					data-testid={`resolve-${resolution}`}
				>
					{label}
				</Button>
			))}
		</div>
	);
}
