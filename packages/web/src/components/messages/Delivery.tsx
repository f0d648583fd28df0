import { type DeliveryDocument, selectionReasons } from "@posthaste/core";
import { useNames } from "../../hooks/use-names.ts";
import { reasonSentence } from "../../sentences.ts";
import { PolicyTable } from "../explain/PolicyTable.tsx";
import { HeldActions } from "./HeldActions.tsx";
import { Journal } from "./Journal.tsx";
import classes from "./Messages.module.css";
import { StateBadge } from "./StateBadge.tsx";

/** One message on its way to one recipient. */
export function Delivery({ delivery }: { readonly delivery: DeliveryDocument }) {
	const recipient = useNames()(delivery.recipient);
	const { manager, configuration, routingPolicy, deliveryPolicy } = delivery;
	return (
		<section className={classes.delivery} aria-label={`Delivery to ${recipient}`} data-testid="delivery">
			<div>
				<h3 className={classes.heading}>
					{recipient} <StateBadge state={delivery.state} />
				</h3>
				{delivery.reason !== undefined && <p className={classes.why}>{reasonSentence(delivery.reason)}</p>}
				{manager !== undefined && configuration !== undefined && (
					<p className={classes.why}>
						Manager <b>{manager.name}</b> ({manager.plugin} {manager.version}): {selectionReasons[manager.reason]}.
						Configuration <b>{configuration.name}</b>, revision {configuration.revision}.
					</p>
				)}
			</div>
			{delivery.state === "held" && <HeldActions delivery={delivery} />}
			{routingPolicy !== undefined && deliveryPolicy !== undefined && (
				<PolicyTable recipient={recipient} routingPolicy={routingPolicy} deliveryPolicy={deliveryPolicy} />
			)}
			<Journal entries={delivery.journal} recipient={recipient} />
		</section>
	);
}
