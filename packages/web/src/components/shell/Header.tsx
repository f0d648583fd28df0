import { homeAddress } from "../../address.ts";
import type { LiveStatus } from "../../live.ts";
import { Brand } from "./Brand.tsx";
import { ColourScheme } from "./ColourScheme.tsx";
import classes from "./Header.module.css";
import { Link } from "./Link.tsx";

const words: Readonly<Record<LiveStatus, string>> = { connecting: "Connecting", open: "Live", lost: "No connection" };

interface HeaderProps {
	readonly status: LiveStatus;
	readonly demo: boolean;
	/** Whether the messages are below, with a form before them that the keyboard can skip. */
	readonly home: boolean;
}

export function Header({ status, demo, home }: HeaderProps) {
	return (
		<header className={classes.header}>
			{home && (
				<a className={classes.skip} href="#messages">
					Skip to the messages
				</a>
			)}
			<div className={classes.inner}>
				<h1 style={{ margin: 0 }}>
					<Link to={homeAddress} className={classes.brand}>
						<Brand />
						Posthaste
					</Link>
				</h1>
				<span className={classes.motto}>{demo ? "Demonstration" : "Messages to people"}</span>
				<span className={`${classes.live} ${classes.push}`} data-testid="live-status">
					<span className={classes.dot} data-status={status} aria-hidden />
					{words[status]}
				</span>
				<ColourScheme />
			</div>
		</header>
	);
}
