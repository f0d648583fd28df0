import type { LiveStatus } from "../../live.ts";
import { Brand } from "./Brand.tsx";
import { ColourScheme } from "./ColourScheme.tsx";
import classes from "./Header.module.css";

const words: Readonly<Record<LiveStatus, string>> = { connecting: "Connecting", open: "Live", lost: "No connection" };

export function Header({ status, demo }: { readonly status: LiveStatus; readonly demo: boolean }) {
	return (
		<header className={classes.header}>
			<a className={classes.skip} href="#messages">
				Skip to the messages
			</a>
			<div className={classes.inner}>
				<h1 className={classes.brand} style={{ margin: 0 }}>
					<Brand />
					Posthaste
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
