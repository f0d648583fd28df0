/** What events do to the answers that the page keeps. */
import type { EventDocument, MessageDocument, PageDocument } from "@posthaste/core";
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { keys } from "./hooks/keys.ts";
import { applyEvent, touchesHeld, touchesPrompts } from "./merge.ts";

export type MessagePages = InfiniteData<PageDocument<MessageDocument>>;

/** Asks for an answer to be fetched again soon. */
export type Refetch = (key: readonly string[]) => void;

/** Brings an event into the answers that are kept, and asks for those that it does not complete. */
export function takeIn(client: QueryClient, event: EventDocument, refetch: Refetch): void {
	if (!takeIntoList(client, keys.messages, event) || isUnderWay(client, keys.messages)) {
		refetch(keys.messages);
	}
	// The list of the held ones has a message that does not belong there, or lacks one that does.
	const isListed = takeIntoList(client, keys.held, event);
	if (isListed !== (event.state === "held") || (touchesHeld(event) && isUnderWay(client, keys.held))) {
		refetch(keys.held);
	}
	const opened = keys.message(event.message);
	if (!takeIntoMessage(client, event) || isUnderWay(client, opened)) {
		refetch(opened);
	}
	if (touchesPrompts(event)) {
		refetch(keys.prompts);
	}
}

/** An answer that is on its way may have been written before the event happened, and would undo it. */
function isUnderWay(client: QueryClient, key: readonly string[]): boolean {
	return client.getQueryState(key)?.fetchStatus === "fetching";
}

/** False when the list does not have the message. */
function takeIntoList(client: QueryClient, key: readonly string[], event: EventDocument): boolean {
	let listed = false;
	client.setQueryData<MessagePages>(key, (old) => {
		if (old === undefined) {
			return old;
		}
		const take = (message: MessageDocument) => {
			if (message.id !== event.message) {
				return message;
			}
			listed = true;
			return applyEvent(message, event).message;
		};
		return { ...old, pages: old.pages.map((page) => ({ ...page, items: page.items.map(take) })) };
	});
	return listed;
}

/** False when the opened message lacks entries; true as well when it is not open. */
function takeIntoMessage(client: QueryClient, event: EventDocument): boolean {
	const key = keys.message(event.message);
	const opened = client.getQueryData<MessageDocument>(key);
	if (opened === undefined) {
		return true;
	}
	const { message, complete } = applyEvent(opened, event);
	client.setQueryData(key, message);
	return complete;
}
