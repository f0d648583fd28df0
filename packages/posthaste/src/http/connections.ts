/**
 * Connections that said nothing yet: browsers open some beforehand. When the server closes, Node closes
 * those that are between two requests, and waits a minute for those that never made one.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { App } from "./app.ts";

export function closeSilentConnections(app: App): void {
	const silent = new Set<Socket>();
	app.server.on("connection", (socket: Socket) => {
		silent.add(socket);
		socket.once("close", () => silent.delete(socket));
	});
	// The servers' own events: a hook would cost each request more than these do.
	app.server.on("request", ({ socket }: IncomingMessage) => silent.delete(socket));
	app.websocketServer.on("connection", (_webSocket, { socket }) => silent.delete(socket));
	app.addHook("preClose", async () => {
		for (const socket of silent) {
			socket.destroy();
		}
	});
}
