import { VisuallyHidden } from "@mantine/core";
import { type DeliveryDocument, policyReasons, postponeReasons } from "@posthaste/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { Moment } from "../shell/Moment.tsx";
import classes from "./PolicyTable.module.css";

type Policy = NonNullable<DeliveryDocument["routingPolicy"]>;
type Entry = Policy[number];

interface PolicyTableProps {
	readonly recipient: string;
	readonly routingPolicy: Policy;
	readonly deliveryPolicy: Policy;
}

/** Both policies side by side: a row for each mechanism, with the reason wherever one is dropped. */
export function PolicyTable({ recipient, routingPolicy, deliveryPolicy }: PolicyTableProps) {
	const names = [...new Set([...routingPolicy, ...deliveryPolicy].map(({ mechanism }) => mechanism))];
	if (names.length === 0) {
		return <p className={classes.reason}>{recipient} has no mechanism in their delivery table.</p>;
	}
	return (
		<div className={classes.wrap}>
			<table className={classes.table}>
				<caption>
					<VisuallyHidden>The policies for {recipient}</VisuallyHidden>
				</caption>
				<thead>
					<tr>
						<th scope="col">Mechanism</th>
						<th scope="col">Routing policy</th>
						<th scope="col">Delivery policy</th>
					</tr>
				</thead>
				<tbody>
					{names.map((name) => (
						<tr key={name}>
							<th scope="row">{name}</th>
							<td>
								<Cell entry={routingPolicy.find(({ mechanism }) => mechanism === name)} />
							</td>
							<td>
								<Cell entry={deliveryPolicy.find(({ mechanism }) => mechanism === name)} />
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

/** A mechanism that the step before dropped does not come into the delivery policy at all. */
function Cell({ entry }: { readonly entry: Entry | undefined }) {
	if (entry === undefined) {
		return <span className={classes.reason}>–</span>;
	}
	const Icon = entry.kept ? IconCheck : IconX;
	return (
		<span className={classes.cell}>
			<span className={classes.mark} data-kept={entry.kept}>
				<Icon size={12} stroke={2.6} aria-hidden />
			</span>
			<span>
				{entry.kept ? "kept" : <VisuallyHidden>dropped: </VisuallyHidden>}
				{!entry.kept && (
					<span className={classes.reason}>
						{entry.reason === undefined ? "dropped" : (policyReasons[entry.reason] ?? entry.reason)}
					</span>
				)}
				{entry.postponedUntil !== undefined && (
					<span className={classes.reason}>
						, from <Moment at={entry.postponedUntil} />
						{entry.postponeReason !== undefined && `: ${postponeReasons[entry.postponeReason]}`}
					</span>
				)}
			</span>
		</span>
	);
}
