/** Step 6: the manager's course through one delivery. */
import type { Planned } from "./flow.ts";

export interface DeliveryCourse {
	readonly planned: Planned;
}

export function dispatch(planned: Planned, _delivery: string): DeliveryCourse {
	return { planned };
}
