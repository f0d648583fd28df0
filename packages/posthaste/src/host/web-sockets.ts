/** The WebSocket paths that mechanisms serve, for the HTTP server to hand connections to. */
import type { HostSocket } from "@posthaste/core";

export type OnConnection = (socket: HostSocket, request: { readonly url: URL }) => void;

/** The paths of one instance of a mechanism. */
export class Routes {
	readonly #served = new Map<string, OnConnection>();

	serve(path: string, onConnection: OnConnection): void {
		this.#served.set(bare(path), onConnection);
	}

	at(path: string): OnConnection | undefined {
		return this.#served.get(bare(path));
	}
}

export class WebSockets {
	readonly #routes = new Map<string, Routes>();

	/** A mechanism is served by an instance from now on, and by no earlier one. */
	serve(mechanism: string, routes: Routes): void {
		this.#routes.set(mechanism, routes);
	}

	/** Removes everything that a mechanism served, once it is gone. */
	remove(mechanism: string): void {
		this.#routes.delete(mechanism);
	}

	/** False when nobody serves the path. */
	handle(mechanism: string, path: string, socket: HostSocket, url: URL): boolean {
		const onConnection = this.#routes.get(mechanism)?.at(path);
		onConnection?.(socket, { url });
		return onConnection !== undefined;
	}
}

function bare(path: string): string {
	return path.replace(/^\/+/, "");
}
