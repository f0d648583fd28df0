import { useMemo, useSyncExternalStore } from "react";
import { type View, viewAt } from "../address.ts";

const listeners = new Set<() => void>();

/** What the page's address shows, through following links and the browser's back and forward. */
export function useView(): View {
	const path = useSyncExternalStore(subscribe, () => window.location.pathname);
	return useMemo(() => viewAt(path), [path]);
}

/** Goes to another address of the page without fetching the page again, so that nothing on it is lost. */
export function goTo(address: string): void {
	// As browsers do: a link to where one is leads nowhere that one could go back from.
	if (address !== window.location.pathname) {
		window.history.pushState(null, "", address);
	}
	for (const listener of listeners) {
		listener();
	}
	window.scrollTo(0, 0);
}

function subscribe(listener: () => void): () => void {
	listeners.add(listener);
	window.addEventListener("popstate", listener);
	return () => {
		listeners.delete(listener);
		window.removeEventListener("popstate", listener);
	};
}
