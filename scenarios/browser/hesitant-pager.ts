/** A paging server that can hang up after the word to send, so that nobody knows whether the page went out. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";

export interface HesitantPager {
	/** For the `snpp` mechanism's settings. */
	readonly url: string;
	/** Whether it hangs up instead of answering SEND; it does at first. */
	hesitates: boolean;
	close(): Promise<void>;
}

export async function startHesitantPager(): Promise<HesitantPager> {
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("close", () => sockets.delete(socket));
		socket.on("error", () => socket.destroy());
		socket.write("220 At your service\r\n");
		createInterface({ input: socket }).on("line", (line) => answer(socket, line, pager.hesitates));
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const pager: HesitantPager = {
		url: `snpp://127.0.0.1:${(server.address() as AddressInfo).port}`,
		hesitates: true,
		async close() {
			const closed = once(server, "close");
			server.close();
			for (const socket of sockets) {
				socket.destroy();
			}
			await closed;
		},
	};
	return pager;
}

function answer(socket: Socket, line: string, hesitates: boolean): void {
	if (/^send/i.test(line) && hesitates) {
		socket.destroy();
	} else if (/^quit/i.test(line)) {
		socket.end("221 Goodbye\r\n");
	} else {
		socket.write("250 As you say\r\n");
	}
}
