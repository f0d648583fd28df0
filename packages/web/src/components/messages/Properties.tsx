import type { MessageDocument } from "@posthaste/core";
import type { ReactNode } from "react";
import { Moment } from "../shell/Moment.tsx";
import classes from "./Messages.module.css";

/** What of the properties is worth a word: the defaults are not. */
const defaults: Readonly<Record<string, unknown>> = { priority: "normal", confidential: false, prompts: "ask" };

export function Properties({ message }: { readonly message: MessageDocument }) {
	const told = Object.entries(message.properties).filter(
		([name, value]) => value !== undefined && value !== null && value !== defaults[name],
	);
	if (told.length === 0) {
		return null;
	}
	return (
		<dl className={classes.properties}>
			{told.map(([name, value]) => (
				<div key={name}>
					<dt>{labels[name] ?? name}</dt>
					<dd>{shown(name, value)}</dd>
				</div>
			))}
		</dl>
	);
}

const labels: Readonly<Record<string, string>> = {
	priority: "Priority",
	expires: "Expires",
	category: "Category",
	confidential: "Confidential",
	prompts: "Standing answer",
};

function shown(name: string, value: unknown): ReactNode {
	if (name === "expires" && typeof value === "string") {
		return <Moment at={value} />;
	}
	if (typeof value === "boolean") {
		return value ? "yes" : "no";
	}
	return typeof value === "string" ? value : JSON.stringify(value);
}
