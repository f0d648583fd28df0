/** A collector for tests: takes traces as OTLP/HTTP with JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp). */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

export interface ReceivedSpan {
	readonly traceId: string;
	readonly spanId: string;
	readonly parentSpanId?: string;
	readonly name: string;
	readonly kind: number;
	readonly startTimeUnixNano: string;
	readonly endTimeUnixNano: string;
	readonly attributes: Readonly<Record<string, unknown>>;
	readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
	readonly status: { readonly code?: number; readonly message?: string };
}

export interface Collector {
	/** Without `/v1/traces`. */
	readonly url: string;
	readonly spans: readonly ReceivedSpan[];
	/** Attributes of the resources that spans came from. */
	readonly resource: Readonly<Record<string, unknown>>;
	/** Bodies as they came. */
	readonly bodies: readonly string[];
	/** The spans, once there are as many. */
	received(count: number): Promise<readonly ReceivedSpan[]>;
	/** Answers this from now on; 200 to begin with. */
	answer(status: number): void;
	/** Requests so far. */
	readonly requests: number;
}

/** Closes with the test. */
export async function startCollector(): Promise<Collector> {
	const spans: ReceivedSpan[] = [];
	const bodies: string[] = [];
	const resource: Record<string, unknown> = {};
	const waiting = new Set<() => void>();
	let status = 200;
	let requests = 0;
	const server = createServer(async (request, response) => {
		const body = await text(request);
		requests += 1;
		bodies.push(body);
		if (request.url === "/v1/traces" && request.headers["content-type"] === "application/json" && status === 200) {
			take(JSON.parse(body));
		}
		response.writeHead(status, { "content-type": "application/json" }).end("{}");
		for (const look of waiting) {
			look();
		}
	});
	const take = ({ resourceSpans }: { resourceSpans: readonly Incoming[] }) => {
		for (const incoming of resourceSpans) {
			Object.assign(resource, values(incoming.resource.attributes));
			for (const span of incoming.scopeSpans.flatMap((scope) => scope.spans)) {
				const events = (span.events ?? []).map(({ name, attributes }) => ({ name, attributes: values(attributes) }));
				spans.push({ ...span, attributes: values(span.attributes), events });
			}
		}
	};
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	onTestFinished(async () => {
		server.closeAllConnections();
		server.close();
		await once(server, "close");
	});
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		spans,
		bodies,
		resource,
		get requests() {
			return requests;
		},
		answer: (now) => {
			status = now;
		},
		async received(count) {
			while (spans.length < count) {
				await new Promise<void>((resolve) => waiting.add(resolve));
			}
			return spans;
		},
	};
}

type Attribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };
type RawSpan = Omit<ReceivedSpan, "attributes" | "events"> & {
	readonly attributes: readonly Attribute[];
	readonly events?: readonly { readonly name: string; readonly attributes: readonly Attribute[] }[];
};
interface Incoming {
	readonly resource: { readonly attributes: readonly Attribute[] };
	readonly scopeSpans: readonly { readonly spans: readonly RawSpan[] }[];
}

function values(attributes: readonly Attribute[]): Readonly<Record<string, unknown>> {
	return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
