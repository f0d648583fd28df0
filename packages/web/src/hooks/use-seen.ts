import { type RefObject, useEffect } from "react";

/** Calls once the element is within the viewport while the page has the person's attention. */
export function useSeen(element: RefObject<HTMLElement | null>, wanted: boolean, onSeen: () => void): void {
	useEffect(() => {
		const target = element.current;
		if (!wanted || target === null) {
			return;
		}
		let inView = false;
		const look = () => {
			if (inView && document.visibilityState === "visible" && document.hasFocus()) {
				onSeen();
			}
		};
		// A long message never fits whole, so that half of it counts.
		const observer = new IntersectionObserver(
			(entries) => {
				inView = entries.at(-1)?.isIntersecting ?? false;
				look();
			},
			{ threshold: 0.5 },
		);
		observer.observe(target);
		window.addEventListener("focus", look);
		document.addEventListener("visibilitychange", look);
		return () => {
			observer.disconnect();
			window.removeEventListener("focus", look);
			document.removeEventListener("visibilitychange", look);
		};
	}, [element, wanted, onSeen]);
}
