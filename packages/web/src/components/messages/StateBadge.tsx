import type { DeliveryState } from "@posthaste/core";
import {
	IconAlertCircle,
	IconCircleCheck,
	IconCircleX,
	IconClock,
	IconHandStop,
	IconHourglassEmpty,
	IconRoute,
} from "@tabler/icons-react";
import classes from "./StateBadge.module.css";

const looks = {
	routing: { word: "Routing", tone: "waiting", Icon: IconRoute },
	waiting: { word: "Waiting", tone: "waiting", Icon: IconClock },
	held: { word: "Held", tone: "held", Icon: IconHandStop },
	reached: { word: "Reached", tone: "good", Icon: IconCircleCheck },
	unreached: { word: "Not reached", tone: "bad", Icon: IconCircleX },
	expired: { word: "Expired", tone: "bad", Icon: IconHourglassEmpty },
	cancelled: { word: "Cancelled", tone: "quiet", Icon: IconAlertCircle },
} as const satisfies Record<DeliveryState, { word: string; tone: string; Icon: typeof IconClock }>;

/** The state in a word, a sign and a colour; never in colour alone. */
export function StateBadge({ state }: { readonly state: DeliveryState }) {
	const { word, tone, Icon } = looks[state];
	return (
		<span className={classes.badge} data-tone={tone} data-testid="state" data-state={state}>
			<Icon size={14} stroke={2.2} aria-hidden />
			{word}
		</span>
	);
}
