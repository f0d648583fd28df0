/**
 * The mechanism that is swapped. It tells the sink which version handed an attempt over, and takes
 * receipts there by asking for them. Each version is a copy of this file.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import { defineMechanism, type MechanismHost, type SendResult } from "@posthaste/core";
import { Type } from "typebox";

const version = "0.0.0";

interface Settings {
	readonly url: string;
}

interface Answer {
	readonly status: number;
	readonly body: { readonly receipts?: readonly string[] };
}

/** What became of a request that was not answered. */
class NoAnswer extends Error {
	/** Nothing of it can have arrived. */
	readonly isUnsent: boolean;

	constructor(error: Error & { code?: string }) {
		super(error.message);
		this.isUnsent = error.code === "ECONNREFUSED";
	}
}

export default defineMechanism<Settings, { readonly box: string }>({
	id: "swapped-line",
	apiVersion: 1,
	version,
	kind: "im",
	title: "A mechanism that is swapped under load",
	settings: Type.Object({ url: Type.String() }, { additionalProperties: false }),
	address: Type.Object({ box: Type.String() }, { additionalProperties: false }),
	capabilities: { receipts: "delivered" },
	async create({ url }, host) {
		const sink = new Sink(url, host.name);
		await sink.ask("hello", { version });
		const over = new AbortController();
		const receiving = receive(sink, host, over.signal);
		return {
			async send({ id, try: count, address, message }, signal) {
				try {
					const handed = { attempt: id, try: count, version, box: address.box, hints: message.properties };
					return resultOf(await sink.ask("attempts", handed, signal));
				} catch (error) {
					const isUnsent = error instanceof NoAnswer && error.isUnsent;
					return { outcome: isUnsent ? "failed" : "unknown", evidence: String(error) };
				}
			},
			async close() {
				over.abort();
				await receiving;
				sink.close();
			},
		};
	},
});

function resultOf({ status }: Answer): SendResult {
	if (status === 410) {
		return { outcome: "rejected", evidence: "410 Gone" };
	}
	return status === 200
		? { outcome: "accepted", evidence: "200 OK" }
		: { outcome: "failed", evidence: `it answered ${status}` };
}

/** The sink keeps a receipt until it is told that the receipt is on disk. */
async function receive(sink: Sink, host: MechanismHost, signal: AbortSignal): Promise<void> {
	while (!signal.aborted) {
		try {
			const { receipts = [] } = (await sink.ask("receipts", {}, signal)).body;
			await Promise.all(receipts.map((attempt) => host.receipt({ attempt, level: "delivered" })));
			if (receipts.length > 0) {
				await sink.ask("confirm", { receipts });
			}
		} catch {
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}
}

class Sink {
	readonly #agent = new Agent({ keepAlive: true });
	readonly #url: string;
	readonly #mechanism: string;

	constructor(url: string, mechanism: string) {
		this.#url = url;
		this.#mechanism = mechanism;
	}

	ask(path: string, body: object, signal?: AbortSignal): Promise<Answer> {
		const { promise, resolve, reject } = Promise.withResolvers<Answer>();
		const url = new URL(`/${this.#mechanism}/${path}`, this.#url);
		const asking = request(url, { method: "POST", agent: this.#agent, ...(signal && { signal }) });
		asking.on("response", (response) => read(response).then(resolve, reject));
		asking.on("error", (error) => reject(new NoAnswer(error)));
		asking.end(JSON.stringify(body));
		return promise;
	}

	close(): void {
		this.#agent.destroy();
	}
}

async function read(response: IncomingMessage): Promise<Answer> {
	const text = (await response.setEncoding("utf8").toArray()).join("");
	return { status: response.statusCode ?? 0, body: JSON.parse(text) };
}
