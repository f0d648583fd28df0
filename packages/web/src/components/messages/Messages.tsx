import { Accordion, Button } from "@mantine/core";
import { IconMailFast } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useMessages } from "../../hooks/use-messages.ts";
import { Empty } from "../shell/Empty.tsx";
import { Loading } from "../shell/Loading.tsx";
import { Panel } from "../shell/Panel.tsx";
import { Problem } from "../shell/Problem.tsx";
import { MessageItem } from "./MessageItem.tsx";
import classes from "./Messages.module.css";

/** Recent messages, each with its live timeline. @param sent the message that was sent here last: it opens */
export function Messages({ sent }: { readonly sent: string | undefined }) {
	const messages = useMessages();
	const items = messages.data?.pages.flatMap((page) => page.items) ?? [];
	const [opened, setOpened] = useOpened(items[0]?.id, sent);
	return (
		<div id="messages" tabIndex={-1}>
			<Panel title="Messages" testId="messages">
				{messages.isError && (
					<Problem
						error={messages.error}
						title="The messages could not be fetched"
						onRetry={() => messages.refetch()}
					/>
				)}
				{messages.isPending && <Loading what="messages" lines={4} />}
				{messages.isSuccess && items.length === 0 && (
					<Empty icon={<IconMailFast size={34} stroke={1.4} aria-hidden />}>
						Nothing has been sent yet. What becomes of each message is told here while it happens.
					</Empty>
				)}
				<Accordion
					multiple
					variant="separated"
					value={opened}
					onChange={setOpened}
					keepMounted={false}
					classNames={{
						item: classes.item ?? "",
						control: classes.control ?? "",
						content: classes.content ?? "",
					}}
				>
					{items.map((message) => (
						<MessageItem key={message.id} message={message} opened={opened.includes(message.id)} />
					))}
				</Accordion>
				{messages.hasNextPage && (
					<Button
						mt="md"
						variant="default"
						fullWidth
						loading={messages.isFetchingNextPage}
						onClick={() => messages.fetchNextPage()}
					>
						Earlier messages
					</Button>
				)}
			</Panel>
		</div>
	);
}

/** The newest message is open at first; afterwards what the person opens, and what they send. */
function useOpened(newest: string | undefined, sent: string | undefined) {
	const [opened, setOpened] = useState<string[]>([]);
	const began = useRef(false);
	useEffect(() => {
		if (newest !== undefined && !began.current) {
			began.current = true;
			setOpened([newest]);
		}
	}, [newest]);
	useEffect(() => {
		if (sent !== undefined) {
			began.current = true;
			setOpened([sent]);
		}
	}, [sent]);
	return [opened, setOpened] as const;
}
