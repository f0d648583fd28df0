import { type RefObject, useLayoutEffect, useRef } from "react";

/**
 * Takes the keyboard to a question that has just come, unless the person is writing or within a
 * dialog, and back to where it was when the question goes. The focus goes to the card and not to a
 * button, so that a key that was meant for something else answers nothing.
 */
export function usePolitePromptFocus(): RefObject<HTMLElement | null> {
	const card = useRef<HTMLElement>(null);
	useLayoutEffect(() => {
		const element = card.current;
		const before = document.activeElement;
		let visited = false;
		const visit = () => {
			visited = true;
		};
		element?.addEventListener("focusin", visit);
		if (!isBusy(before)) {
			element?.focus();
		}
		return () => {
			element?.removeEventListener("focusin", visit);
			// A button that was pressed lost the focus when it became inactive, so it may be nowhere.
			if (visited && (document.activeElement === document.body || element?.contains(document.activeElement))) {
				placeAfter(before)?.focus({ preventScroll: true });
			}
		};
	}, []);
	return card;
}

function isBusy(element: Element | null): boolean {
	const busy = "input, textarea, select, [contenteditable], [role=dialog], [data-testid=prompt]";
	return element !== null && element.closest(busy) !== null;
}

/** Where the focus was, or else the messages, whose timeline goes on with the answer. */
function placeAfter(before: Element | null): HTMLElement | null {
	const usable = before instanceof HTMLElement && before.isConnected && before !== document.body;
	return usable ? before : document.getElementById("messages");
}
