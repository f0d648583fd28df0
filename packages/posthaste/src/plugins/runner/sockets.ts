/** WebSockets that come in at the program and are served by a plugin elsewhere. */
import type { HostSocket } from "@posthaste/core";
import type { PluginPeer } from "./main.ts";

type OnConnection = (socket: HostSocket, request: { readonly url: URL }) => void;

interface Open {
	readonly instance: string;
	onMessage(text: string): void;
	onClose(): void;
}

export class Sockets {
	readonly #peer: PluginPeer;
	/** By instance and path. */
	readonly #routes = new Map<string, OnConnection>();
	readonly #open = new Map<string, Open>();

	constructor(peer: PluginPeer) {
		this.#peer = peer;
		peer.hear("socket.opened", ({ instance, path, socket, url }) => this.#opened(instance, path, socket, url));
		peer.hear("socket.message", ({ socket, text }) => this.#open.get(socket)?.onMessage(text));
		peer.hear("socket.closed", ({ socket }) => {
			const open = this.#open.get(socket);
			this.#open.delete(socket);
			open?.onClose();
		});
	}

	serve(instance: string, path: string, onConnection: OnConnection): void {
		this.#routes.set(keyOf(instance, path), onConnection);
		this.#peer.tell("socket.serve", { instance, path });
	}

	/** Drops an instance that is closed. */
	forget(instance: string): void {
		for (const key of this.#routes.keys()) {
			if (key.startsWith(keyOf(instance, ""))) {
				this.#routes.delete(key);
			}
		}
	}

	#opened(instance: string, path: string, socket: string, url: string): void {
		const onConnection = this.#routes.get(keyOf(instance, path));
		if (onConnection === undefined) {
			this.#peer.tell("socket.close", { socket, code: 1011, reason: "nobody serves this path any more" });
			return;
		}
		const messages: ((text: string) => void)[] = [];
		const closings: (() => void)[] = [];
		this.#open.set(socket, {
			instance,
			onMessage: (text) => messages.forEach((listener) => void listener(text)),
			onClose: () => closings.forEach((listener) => void listener()),
		});
		const handle: HostSocket = {
			send: (text) => this.#peer.tell("socket.send", { socket, text }),
			close: (code, reason) =>
				this.#peer.tell("socket.close", {
					socket,
					...(code !== undefined && { code }),
					...(reason !== undefined && { reason }),
				}),
			onMessage: (listener) => void messages.push(listener),
			onClose: (listener) => void closings.push(listener),
		};
		onConnection(handle, { url: new URL(url) });
	}
}

function keyOf(instance: string, path: string): string {
	return `${instance} ${path}`;
}
