import { countdown } from "../../format.ts";
import { useNow } from "../../hooks/use-now.ts";
import { Moment } from "../shell/Moment.tsx";
import classes from "./Prompts.module.css";

interface CountdownProps {
	readonly until: string;
	readonly otherwise: "yes" | "no";
}

/** How long the question is open, and what happens otherwise. The ticking is for the eye; it is not read out. */
export function Countdown({ until, otherwise }: CountdownProps) {
	const now = useNow();
	const left = Date.parse(until) - now;
	return (
		<p className={classes.otherwise}>
			Without an answer by <Moment at={until} /> it is <b>{otherwise}</b>.{" "}
			<span className={classes.time} role="timer" aria-live="off" data-testid="countdown">
				{left > 0 ? `${countdown(left)} left` : "Time is up"}
			</span>
		</p>
	);
}
