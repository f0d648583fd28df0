import { localTime } from "../../format.ts";

/** A moment in the reader's own time; RFC 3339 on hovering. */
export function Moment({ at, className }: { readonly at: string | number; readonly className?: string | undefined }) {
	const date = new Date(at);
	const rfc3339 = Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
	return (
		<time dateTime={rfc3339} title={rfc3339} className={className} style={{ whiteSpace: "nowrap" }}>
			{localTime(at)}
		</time>
	);
}
