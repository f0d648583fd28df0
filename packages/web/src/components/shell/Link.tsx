import type { ComponentPropsWithoutRef, MouseEvent } from "react";
import { goTo } from "../../hooks/use-view.ts";

interface LinkProps extends Omit<ComponentPropsWithoutRef<"a">, "href" | "onClick"> {
	/** An address of this page. */
	readonly to: string;
}

/** A link within the page. What the browser does with other clicks (a new tab, a new window) is left to it. */
export function Link({ to, ...rest }: LinkProps) {
	const follow = (event: MouseEvent) => {
		if (event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey) {
			event.preventDefault();
			goTo(to);
		}
	};
	return <a {...rest} href={to} onClick={follow} />;
}
