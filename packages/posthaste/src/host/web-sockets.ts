/** The WebSocket paths that mechanisms serve, for the HTTP server to hand connections to. */
import type { HostSocket } from "@posthaste/core";

type OnConnection = (socket: HostSocket, request: { readonly url: URL }) => void;

export class WebSockets {
	readonly #served = new Map<string, OnConnection>();

	/** A mechanism serves a path; a later instance of the same mechanism takes it over. */
	serve(mechanism: string, path: string, onConnection: OnConnection): void {
		this.#served.set(`${mechanism}/${path.replace(/^\/+/, "")}`, onConnection);
	}

	/** Removes everything that a mechanism served, once it is gone. */
	remove(mechanism: string): void {
		for (const key of [...this.#served.keys()].filter((one) => one.startsWith(`${mechanism}/`))) {
			this.#served.delete(key);
		}
	}

	/** False when nobody serves the path. */
	handle(mechanism: string, path: string, socket: HostSocket, url: URL): boolean {
		const onConnection = this.#served.get(`${mechanism}/${path.replace(/^\/+/, "")}`);
		onConnection?.(socket, { url });
		return onConnection !== undefined;
	}
}
