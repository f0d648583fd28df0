import { Switch, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";
import classes from "./Devices.module.css";

interface DeviceCardProps {
	readonly name: string;
	readonly status: string;
	readonly icon: ReactNode;
	readonly on: boolean;
	readonly onSwitch: (on: boolean) => void;
	readonly testId: string;
	readonly children: ReactNode;
}

/** The case of a device: its name, its switch, its screen. */
export function DeviceCard({ name, status, icon, on, onSwitch, testId, children }: DeviceCardProps) {
	const heading = useId();
	return (
		<section className={classes.card} aria-labelledby={heading} data-on={on} data-testid={testId}>
			<div className={classes.bar}>
				<span className={classes.icon}>{icon}</span>
				<div>
					<Title order={3} id={heading} className={classes.name ?? ""}>
						{name}
					</Title>
					<span className={classes.status} role="status" data-testid={`${testId}-status`}>
						{status}
					</span>
				</div>
				<Switch
					className={classes.switch ?? ""}
					size="md"
					onLabel="ON"
					offLabel="OFF"
					aria-label={`${name} on`}
					checked={on}
					onChange={(event) => onSwitch(event.currentTarget.checked)}
					data-testid={`${testId}-switch`}
				/>
			</div>
			<div className={classes.screen}>{children}</div>
		</section>
	);
}
