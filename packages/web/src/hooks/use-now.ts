import { useEffect, useState } from "react";
import { serverNow } from "../api.ts";

/** The server's time, looked at again every `interval` milliseconds. */
export function useNow(interval = 1_000): number {
	const [now, setNow] = useState(serverNow);
	useEffect(() => {
		const timer = setInterval(() => setNow(serverNow()), interval);
		return () => clearInterval(timer);
	}, [interval]);
	return now;
}
