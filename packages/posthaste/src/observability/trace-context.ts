/** W3C Trace Context (https://www.w3.org/TR/trace-context/): the trace that a message was sent in. */

export interface TraceParent {
	/** 32 hexadecimal digits. */
	readonly traceId: string;
	/** 16 hexadecimal digits. */
	readonly spanId: string;
	readonly sampled: boolean;
}

/** Version, trace, parent and flags; later versions may have more behind (section 4.3). */
const header = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Undefined for anything that is no `traceparent`: the message then has a trace of its own. */
export function readTraceParent(text: string): TraceParent | undefined {
	const [, version, traceId, spanId, flags, more] = header.exec(text.trim()) ?? [];
	if (
		traceId === undefined ||
		spanId === undefined ||
		flags === undefined ||
		(version === "00" && more !== undefined)
	) {
		return undefined;
	}
	return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
