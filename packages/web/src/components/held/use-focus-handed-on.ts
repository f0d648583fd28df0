import { type RefObject, useEffect, useRef } from "react";

/**
 * A delivery that was decided about leaves the list and takes its buttons along. The keyboard then
 * goes on with the others that are held, or with the messages when it was the last.
 */
export function useFocusHandedOn(): RefObject<HTMLLIElement | null> {
	const item = useRef<HTMLLIElement>(null);
	useEffect(() => {
		const element = item.current;
		let decided = false;
		const decide = () => {
			decided = true;
		};
		element?.addEventListener("click", decide);
		return () => {
			element?.removeEventListener("click", decide);
			// A button that was pressed lost the focus when it became inactive, so it is nowhere.
			if (decided && document.activeElement === document.body) {
				const next = document.getElementById("held") ?? document.getElementById("messages");
				next?.focus({ preventScroll: true });
			}
		};
	}, []);
	return item;
}
