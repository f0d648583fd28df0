import type { DevicesDocument } from "../../types.ts";
import { Panel } from "../shell/Panel.tsx";
import classes from "./Devices.module.css";
import { ImWindow } from "./ImWindow.tsx";
import { Mailbox } from "./Mailbox.tsx";
import { Pager } from "./Pager.tsx";

/** Everything by which the demo's user can be reached. */
export function Devices({ devices }: { readonly devices: DevicesDocument }) {
	return (
		<Panel title={`${devices.name}’s devices`} testId="devices">
			<div className={classes.devices}>
				<ImWindow im={devices.im} owner={devices.name} />
				<Mailbox mailbox={devices.mailbox} />
				<Pager pager={devices.pager} />
			</div>
		</Panel>
	);
}
