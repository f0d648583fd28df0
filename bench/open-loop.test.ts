/** The load generator accounts for each request, whatever the server does with its connections. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Load } from "./open-loop.ts";

test("a connection that the server closes while nothing is asked is not used again, nor waited for", async () => {
	const taken = new Set<Socket>();
	const server = createServer((socket) => {
		taken.add(socket);
		socket.on("error", () => undefined);
		socket.on("data", () => socket.write("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"));
	}).listen(0, "127.0.0.1");
	onTestFinished(() => void server.close());
	await once(server, "listening");
	const load = new Load(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/messages`, "{}", 8);
	await load.connect();
	await expect.poll(() => taken.size).toBe(8);
	const gone = [...taken].map((socket) => once(socket, "close"));
	for (const socket of taken) {
		socket.destroy();
	}
	await Promise.all(gone);
	// The other end of each connection hears of it before a timer comes due.
	await new Promise((resolve) => setTimeout(resolve, 50));
	const begun = performance.now();
	const answers = await load.open(100, 0.2);
	for (const socket of taken) {
		socket.destroy();
	}
	expect([answers.asked, answers.unsent + answers.broken + answers.accepted.length]).toEqual([20, 20]);
	expect(answers.accepted.length).toBeGreaterThan(0);
	expect(performance.now() - begun).toBeLessThan(15_000);
});
