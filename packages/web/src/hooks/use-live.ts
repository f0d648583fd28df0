import type { EventDocument } from "@posthaste/core";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type Refetch, takeIn } from "../event-cache.ts";
import { type LiveStatus, listen } from "../live.ts";

/** However many events come, a list is fetched again at most this often. */
const refetchPause = 250;

/** Keeps everything that was fetched up to date from the event stream; answers whether the server is there. */
export function useLive(): LiveStatus {
	const client = useQueryClient();
	const [status, setStatus] = useState<LiveStatus>("connecting");
	useEffect(() => {
		const refetch = refetcher(client);
		let wasLost = false;
		const stop = listen({
			url: "/v1/events",
			event: "entries",
			onEvent: (data) => takeIn(client, JSON.parse(data) as EventDocument, refetch.soon),
			onStatus: (next) => {
				setStatus(next);
				// What happened meanwhile was not heard.
				if (next === "open" && wasLost) {
					void client.invalidateQueries();
				}
				wasLost = next === "lost";
			},
		});
		return () => {
			stop();
			refetch.stop();
		};
	}, [client]);
	return status;
}

/** Collects what has to be fetched again, and does so once after a short while. */
function refetcher(client: QueryClient): { readonly soon: Refetch; readonly stop: () => void } {
	const waiting = new Map<string, readonly string[]>();
	let timer: ReturnType<typeof setTimeout> | undefined;
	const run = () => {
		timer = undefined;
		for (const queryKey of waiting.values()) {
			void client.invalidateQueries({ queryKey });
		}
		waiting.clear();
	};
	return {
		soon: (key) => {
			waiting.set(key.join("/"), key);
			timer ??= setTimeout(run, refetchPause);
		},
		stop: () => clearTimeout(timer),
	};
}
