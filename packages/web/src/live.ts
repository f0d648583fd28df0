/** Server-sent events that come back by themselves, and whether the server is there. */

export type LiveStatus = "connecting" | "open" | "lost";

export interface LiveOptions {
	readonly url: string;
	/** Name of the events to hear. */
	readonly event: string;
	readonly onEvent: (data: string) => void;
	readonly onStatus: (status: LiveStatus) => void;
}

const firstPause = 1_000;
const longestPause = 10_000;

/**
 * Listens until the returned function is called. The browser reconnects after a broken connection,
 * but gives up when the server refuses; then this tries again, with growing pauses.
 */
export function listen({ url, event, onEvent, onStatus }: LiveOptions): () => void {
	let source: EventSource | undefined;
	let timer: ReturnType<typeof setTimeout> | undefined;
	let pause = firstPause;

	const connect = () => {
		source = new EventSource(url);
		source.addEventListener("open", () => {
			pause = firstPause;
			onStatus("open");
		});
		source.addEventListener(event, (message) => onEvent((message as MessageEvent<string>).data));
		source.addEventListener("error", () => {
			onStatus("lost");
			if (source?.readyState === EventSource.CLOSED) {
				timer = setTimeout(connect, pause);
				pause = Math.min(pause * 2, longestPause);
			}
		});
	};

	onStatus("connecting");
	connect();
	return () => {
		clearTimeout(timer);
		source?.close();
	};
}
