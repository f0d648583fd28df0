/**
 * Connections that said nothing yet: browsers open some beforehand. When the server closes, Node closes
 * those that are between two requests, and waits a minute for those that never made one.
 */
import type { Socket } from "node:net";
import type { App } from "./app.ts";

export function closeSilentConnections(app: App): void {
	const open = new Set<Socket>();
	app.server.on("connection", (socket: Socket) => {
		open.add(socket);
		socket.once("close", () => open.delete(socket));
	});
	app.addHook("preClose", async () => {
		for (const socket of open) {
			if (socket.bytesRead === 0) {
				socket.destroy();
			}
		}
	});
}
