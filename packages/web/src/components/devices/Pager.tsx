import { IconDeviceMobileMessage } from "@tabler/icons-react";
import { useAcknowledgePage, useDeviceSwitch } from "../../hooks/use-devices.ts";
import type { Page, PagerDevice } from "../../types.ts";
import { Moment } from "../shell/Moment.tsx";
import { DeviceCard } from "./DeviceCard.tsx";
import classes from "./Pager.module.css";

/** A pager as they were: a small display, and what came over SNPP on it. */
export function Pager({ pager }: { readonly pager: PagerDevice }) {
	const device = useDeviceSwitch("pager");
	const pages = pager.pages.toSorted((a, b) => Date.parse(b.receivedAt) - Date.parse(a.receivedAt));
	return (
		<DeviceCard
			name="Pager"
			status={pager.on ? `Number ${pager.number}` : "Off"}
			icon={<IconDeviceMobileMessage size={20} aria-hidden />}
			on={pager.on}
			onSwitch={(on) => device.mutate(on)}
			testId="device-pager"
		>
			<div className={classes.body}>
				{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by the keyboard. */}
				<div className={classes.lcd} data-on={pager.on} role="log" aria-label="Pages" tabIndex={0}>
					{pages.length === 0 ? (
						<div className={classes.idle}>{pager.on ? "NO PAGES" : ""}</div>
					) : (
						<ol className={classes.pages}>
							{pages.map((page) => (
								<PageItem key={page.id} page={page} />
							))}
						</ol>
					)}
				</div>
				<div className={classes.label} aria-hidden>
					<span>POSTHASTE</span>
					<span>{pager.on ? "● READY" : "○ OFF"}</span>
				</div>
			</div>
		</DeviceCard>
	);
}

function PageItem({ page }: { readonly page: Page }) {
	const acknowledge = useAcknowledgePage();
	return (
		<li className={classes.page} data-testid="page">
			<div className={classes.meta}>
				<span>{page.caller ?? "PAGE"}</span>
				<Moment at={page.receivedAt} />
			</div>
			{page.subject !== undefined && page.subject !== "" && <div>{page.subject}</div>}
			<div className={classes.text}>{page.text}</div>
			{page.acknowledged ? (
				<div>✓ ACKNOWLEDGED</div>
			) : (
				<button
					type="button"
					className={classes.ack}
					disabled={acknowledge.isPending}
					onClick={() => acknowledge.mutate(page.id)}
					data-testid="page-acknowledge"
				>
					ACKNOWLEDGE
				</button>
			)}
		</li>
	);
}
