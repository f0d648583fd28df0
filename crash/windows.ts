/** IM windows of those who have one: each message that comes is confirmed as delivered. */
import { InboxClient, socketUrl } from "@posthaste/mechanism-web/client";
import type { Arrival } from "./arrivals.ts";
import { tokenIn } from "./arrivals.ts";
import { people } from "./people.ts";

export interface Windows {
	/** What was shown since the last time, each attempt once. */
	take(): readonly Arrival[];
	close(): void;
}

export function openWindows(url: string): Windows {
	let shown: Arrival[] = [];
	const clients = people
		.filter(({ hasWindow }) => hasWindow)
		.map(({ id }) => {
			const inbox = new InboxClient({ url: socketUrl(url, "im2"), inbox: id, leastPause: 50, longestPause: 200 });
			inbox.onMessage(({ attempt, body }) => {
				shown.push({ way: "im2", id: attempt, address: id, attempt, token: tokenIn(body), text: body, at: Date.now() });
				inbox.received(attempt);
			});
			return inbox;
		});
	return {
		take() {
			const taken = shown;
			shown = [];
			return taken;
		},
		close() {
			for (const client of clients) {
				client.close();
			}
		},
	};
}
