import { InboxClient, socketUrl } from "@posthaste/mechanism-web/client";
import { useCallback, useEffect, useReducer, useRef, useState } from "react";
import { converse, type Line } from "../conversation.ts";
import type { ImDevice } from "../types.ts";

export type InboxState = "connecting" | "open" | "waiting" | "closed";

export interface Inbox {
	readonly state: InboxState;
	readonly lines: readonly Line[];
	readonly received: (attempt: string) => void;
	readonly read: (attempt: string) => void;
	readonly acknowledge: (attempt: string) => void;
	readonly reply: (attempt: string, body: string) => void;
}

/** How long leaving waits for receipts that are still under way, in milliseconds. */
const farewell = 300;

/** John's IM window: the mechanism's own client, connected while `online`. */
export function useInbox({ mechanism, inbox }: ImDevice, online: boolean): Inbox {
	const [lines, tell] = useReducer(converse, []);
	const [state, setState] = useState<InboxState>("closed");
	const current = useRef<InboxClient>(undefined);
	useEffect(() => {
		if (!online) {
			setState("closed");
			return;
		}
		const url = socketUrl(window.location.href, mechanism);
		const client = new InboxClient({ url, inbox, history: true, longestPause: 5_000 });
		current.current = client;
		client.onState((next) => current.current === client && setState(next.state));
		client.onMessage((message) => tell({ type: "message", message }));
		client.onSeen((seen) => tell({ type: "level", ...seen }));
		client.onConfirmed((confirmed) => tell({ type: "level", ...confirmed }));
		client.onRetract((retract) => tell({ type: "retract", ...retract }));
		return () => {
			current.current = undefined;
			void leave(client);
		};
	}, [mechanism, inbox, online]);
	return {
		state,
		lines,
		received: useCallback((attempt: string) => current.current?.received(attempt), []),
		read: useCallback((attempt: string) => current.current?.read(attempt), []),
		acknowledge: useCallback((attempt: string) => current.current?.acknowledge(attempt), []),
		reply: useCallback((attempt: string, body: string) => {
			current.current?.reply(attempt, body);
			tell({ type: "reply", attempt, body, at: Date.now() });
		}, []),
	};
}

/** Receipts that are on their way arrive before the window goes. */
async function leave(client: InboxClient): Promise<void> {
	if (client.unconfirmed > 0) {
		await Promise.race([client.settled(), new Promise((resolve) => setTimeout(resolve, farewell))]);
	}
	client.close();
}
