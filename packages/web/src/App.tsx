import { useMediaQuery } from "@mantine/hooks";
import { useState } from "react";
import classes from "./App.module.css";
import { Compose } from "./components/compose/Compose.tsx";
import { Devices } from "./components/devices/Devices.tsx";
import { Mechanisms } from "./components/mechanisms/Mechanisms.tsx";
import { Messages } from "./components/messages/Messages.tsx";
import { Prompts } from "./components/prompts/Prompts.tsx";
import { ConnectionBanner } from "./components/shell/ConnectionBanner.tsx";
import { Header } from "./components/shell/Header.tsx";
import { useDevices } from "./hooks/use-devices.ts";
import { useLive } from "./hooks/use-live.ts";

export function App() {
	const status = useLive();
	const devices = useDevices();
	const wide = useMediaQuery("(min-width: 62.01em)", true, { getInitialValueInEffect: false });
	const [sent, setSent] = useState<string>();
	const demo = devices.data ?? undefined;
	return (
		<>
			<Header status={status} demo={demo !== undefined} />
			<main className={classes.main}>
				<div className={classes.above}>
					<ConnectionBanner status={status} />
					<Prompts />
				</div>
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
			</main>
		</>
	);
}
