import { Title } from "@mantine/core";
import { type ReactNode, useId } from "react";
import classes from "./Panel.module.css";

interface PanelProps {
	readonly title: string;
	/** What stands at the right of the title. */
	readonly aside?: ReactNode;
	readonly children: ReactNode;
	readonly testId?: string;
}

/** A titled part of the page; a landmark by its title. */
export function Panel({ title, aside, children, testId }: PanelProps) {
	const heading = useId();
	return (
		<section className={classes.panel} aria-labelledby={heading} data-testid={testId}>
			<div className={classes.head}>
				<Title order={2} id={heading} className={classes.title ?? ""}>
					{title}
				</Title>
				{aside}
			</div>
			<div className={classes.body}>{children}</div>
		</section>
	);
}
