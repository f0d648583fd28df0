import { useMediaQuery } from "@mantine/hooks";
import { useState } from "react";
import classes from "./App.module.css";
import { Compose } from "./components/compose/Compose.tsx";
import { Devices } from "./components/devices/Devices.tsx";
import { Held } from "./components/held/Held.tsx";
import { Mechanisms } from "./components/mechanisms/Mechanisms.tsx";
import { MessagePage } from "./components/messages/MessagePage.tsx";
import { Messages } from "./components/messages/Messages.tsx";
import { Prompts } from "./components/prompts/Prompts.tsx";
import { ConnectionBanner } from "./components/shell/ConnectionBanner.tsx";
import { Header } from "./components/shell/Header.tsx";
import { useDevices } from "./hooks/use-devices.ts";
import { useLive } from "./hooks/use-live.ts";
import { useView } from "./hooks/use-view.ts";
import type { DevicesDocument } from "./types.ts";

export function App() {
	const status = useLive();
	const devices = useDevices();
	const view = useView();
	const isHome = view.name === "home";
	const [wasHome, setWasHome] = useState(isHome);
	if (isHome && !wasHome) {
		setWasHome(true);
	}
	const demo = devices.data ?? undefined;
	return (
		<>
			<Header status={status} demo={demo !== undefined} home={isHome} />
			<main className={classes.main}>
				<div className={classes.above}>
					<ConnectionBanner status={status} />
					<Prompts title={isHome ? "Posthaste" : "Message · Posthaste"} />
				</div>
				{/* It stays behind a message that is opened: what was being written, and who is signed in at the IM window. */}
				{wasHome && (
					<div hidden={!isHome}>
						<Home demo={demo} />
					</div>
				)}
				{view.name === "message" && <MessagePage key={view.id} id={view.id} />}
			</main>
		</>
	);
}

function Home({ demo }: { readonly demo: DevicesDocument | undefined }) {
	const wide = useMediaQuery("(min-width: 62.01em)", true, { getInitialValueInEffect: false });
	const [sent, setSent] = useState<string>();
	return (
		<>
			<Held />
			<div className={classes.columns}>
				<div className={classes.column}>
					<Compose suggestedRecipient={demo?.user} onSent={setSent} />
					{wide && <Mechanisms />}
				</div>
				<div className={classes.column}>
					{demo !== undefined && <Devices devices={demo} />}
					<Messages sent={sent} />
					{!wide && <Mechanisms />}
				</div>
			</div>
		</>
	);
}
