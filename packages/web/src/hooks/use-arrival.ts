import { type RefObject, useEffect, useRef } from "react";

/**
 * Takes the keyboard to what has just opened in place of the page, and back to the link when it goes.
 * Where the page itself was opened, the keyboard begins where the browser puts it.
 */
export function useArrival(): RefObject<HTMLDivElement | null> {
	const place = useRef<HTMLDivElement>(null);
	useEffect(() => {
		const before = document.activeElement;
		if (!(before instanceof HTMLElement) || before === document.body) {
			return;
		}
		place.current?.focus({ preventScroll: true });
		return () => before.focus({ preventScroll: true });
	}, []);
	return place;
}
