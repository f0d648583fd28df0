import { Button } from "@mantine/core";
import { type DeliveryDocument, type Resolution, resolutionsOf } from "@posthaste/core";
import { useResolve } from "../../hooks/use-messages.ts";
import classes from "./Messages.module.css";

const labels: Readonly<Record<Resolution, string>> = {
	resend: "Send it again",
	next: "Go on with what comes next",
	end: "End the delivery",
};

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
	const offered = resolutionsOf(delivery);
	// Where nothing can be sent again, nothing is in doubt but the manager, and it goes on where it stood.
	const isInDoubt = offered.includes("resend");
	const resolve = useResolve(delivery.message, delivery.id);
	return (
		// biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields; these are commands.
		<div className={classes.choices} role="group" aria-label={label}>
			{offered.map((resolution) => (
				<Button
					key={resolution}
					size="xs"
					variant="default"
					loading={resolve.isPending && resolve.variables === resolution}
					disabled={resolve.isPending}
					onClick={() => resolve.mutate(resolution)}
					data-testid={`resolve-${resolution}`}
				>
					{resolution === "next" && !isInDoubt ? "Let it go on" : labels[resolution]}
				</Button>
			))}
		</div>
	);
}
