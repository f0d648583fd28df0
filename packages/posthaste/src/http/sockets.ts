/** WebSocket connections to mechanisms, at `/mechanisms/NAME/PATH`. */
import websocket, { type WebSocket } from "@fastify/websocket";
import { type HostSocket, PosthasteError } from "@posthaste/core";
import type { App, RouteContext } from "./app.ts";

/** Largest message taken from a client, in bytes. */
const messageLimit = 1024 * 1024;

/** A client that leaves more bytes than this unread is let go. */
const unreadLimit = 8 * 1024 * 1024;

/** Messages kept for a plugin that has not begun to listen. */
const earlyLimit = 100;

/** Milliseconds between pings; a client that missed one is gone, whatever its connection says. */
const pingInterval = 30_000;

/** Close codes (RFC 6455 §7.4); 4404 is ours. */
const unsupported = 1003;
const violation = 1008;
const nobodyThere = 4404;

/** Makes the server take WebSockets. It comes before every route. */
export async function addWebSockets(app: App): Promise<void> {
	await app.register(websocket, { options: { maxPayload: messageLimit } });
	const alive = new WeakSet<WebSocket>();
	app.websocketServer.on("connection", (socket: WebSocket) => {
		alive.add(socket);
		socket.on("pong", () => alive.add(socket));
	});
	const pinging = setInterval(() => {
		for (const socket of app.websocketServer.clients) {
			if (alive.delete(socket)) {
				socket.ping();
			} else {
				socket.terminate();
			}
		}
	}, pingInterval);
	app.addHook("onClose", async () => clearInterval(pinging));
}

export function socketRoutes(app: App, { webSockets }: RouteContext): void {
	app.route({
		method: "GET",
		url: "/mechanisms/:name/*",
		handler: async () => {
			throw new PosthasteError("not-found", "There are only WebSocket connections here");
		},
		wsHandler: (socket, request) => {
			const { name, "*": path } = request.params as { readonly name: string; readonly "*": string };
			const url = new URL(request.url, `http://${request.headers.host ?? "localhost"}`);
			if (webSockets?.handle(name, path, toHostSocket(socket), url) !== true) {
				socket.close(nobodyThere, "no mechanism listens here");
			}
		},
	});
}

/** Shows plugins the part of a WebSocket that they need, and keeps its bounds. */
function toHostSocket(socket: WebSocket): HostSocket {
	const listeners: ((text: string) => void)[] = [];
	let early: string[] = [];
	socket.on("message", (data, isBinary) => {
		if (isBinary) {
			socket.close(unsupported, "text only");
		} else if (listeners.length > 0) {
			for (const listener of listeners) {
				listener(String(data));
			}
		} else if (early.push(String(data)) > earlyLimit) {
			early = [];
			socket.close(violation, "nobody listens");
		}
	});
	return {
		send(text) {
			if (socket.readyState !== socket.OPEN) {
				return;
			}
			socket.send(text);
			if (socket.bufferedAmount > unreadLimit) {
				socket.terminate();
			}
		},
		close: (code, reason) => socket.close(code, reason),
		onMessage(listener) {
			listeners.push(listener);
			const waiting = early;
			early = [];
			for (const text of waiting) {
				listener(text);
			}
		},
		onClose: (listener) => void socket.once("close", () => listener()),
	};
}
