import { Switch } from "@mantine/core";
import { policyReasons } from "@posthaste/core";
import { useMechanismSwitch } from "../../hooks/use-directory.ts";
import type { MechanismDocument } from "../../types.ts";
import classes from "./Mechanisms.module.css";

export function MechanismItem({ mechanism }: { readonly mechanism: MechanismDocument }) {
	const { name, use, kind, active, disabled } = mechanism;
	const change = useMechanismSwitch(name);
	const on = change.isPending ? change.variables : !disabled;
	return (
		<li className={classes.item} data-testid={`mechanism-${name}`} data-active={active}>
			<div className={classes.text}>
				<div>
					<span className={classes.name}>{name}</span>
					<span className={classes.use}>{kind === undefined || kind === use ? use : `${kind}, by ${use}`}</span>
				</div>
				<div className={classes.state}>
					<span className={classes.dot} data-active={active} aria-hidden />
					<span>{stateOf(mechanism)}</span>
				</div>
			</div>
			<Switch
				aria-label={`${name} enabled`}
				checked={on}
				disabled={change.isPending}
				onChange={(event) => change.mutate(event.currentTarget.checked)}
				data-testid={`mechanism-${name}-switch`}
			/>
		</li>
	);
}

const reasons: Readonly<Record<string, string>> = policyReasons;

/** In a few words: whether it can be used now, and if not why. */
function stateOf({ active, inactive, inFlight }: MechanismDocument): string {
	if (active) {
		return inFlight > 0 ? `Active, ${inFlight} under way` : "Active";
	}
	const why = inactive === undefined ? "it is not active now" : (reasons[inactive.reason] ?? inactive.reason);
	return `Not active: ${why}${inactive?.detail ? ` (${inactive.detail})` : ""}`;
}
