import { IconMail } from "@tabler/icons-react";
import { useState } from "react";
import { useDeviceSwitch } from "../../hooks/use-devices.ts";
import type { MailboxDevice } from "../../types.ts";
import { Empty } from "../shell/Empty.tsx";
import { DeviceCard } from "./DeviceCard.tsx";
import { MailList } from "./MailList.tsx";
import { MailView } from "./MailView.tsx";

/** The user's mailbox: the mail that really came over SMTP. */
export function Mailbox({ mailbox }: { readonly mailbox: MailboxDevice }) {
	const device = useDeviceSwitch("mailbox");
	const [opened, setOpened] = useState<string>();
	const mail = mailbox.mails.find(({ id }) => id === opened);
	return (
		<DeviceCard
			name="Mailbox"
			status={mailbox.on ? mailbox.address : "Off"}
			icon={<IconMail size={20} aria-hidden />}
			on={mailbox.on}
			onSwitch={(on) => device.mutate(on)}
			testId="device-mailbox"
		>
			{mail !== undefined ? (
				<MailView mail={mail} onBack={() => setOpened(undefined)} />
			) : mailbox.mails.length === 0 ? (
				<Empty>{mailbox.on ? "No mail." : "The mailbox takes no mail."}</Empty>
			) : (
				<MailList mails={mailbox.mails} onOpen={setOpened} />
			)}
		</DeviceCard>
	);
}
