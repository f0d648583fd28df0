/** A server that closes waits for nobody who has not asked for anything. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { head, stallMany } from "./testing/stalled.ts";
import { start, startListening } from "./testing/start.ts";

test("a request that does not come to its end does not keep the server open", async () => {
	const server = await startListening();
	await stallMany(server, head("POST /v1/messages", "Content-Type: application/json", "Content-Length: 100"), 1);
	const begun = performance.now();
	await server.app.close();
	expect(performance.now() - begun).toBeLessThan(15_000);
});

test.each([
	["said nothing", ""],
	["never ended its request", "GET / HTTP/1.1\r\nHost: 127."],
])("a connection that %s does not keep the server open", async (_what, said) => {
	const { app } = await start();
	await app.listen({ host: "127.0.0.1", port: 0 });
	const address = app.server.address();
	const socket = connect(typeof address === "object" && address ? address.port : 0, "127.0.0.1");
	// A connection that is closed with something unread is reset.
	socket.on("error", () => undefined);
	const gone = new Promise((resolve) => socket.once("close", resolve));
	const [taken] = (await once(app.server, "connection")) as [Socket];
	socket.write(said);
	while (taken.bytesRead < said.length) {
		await new Promise((resolve) => setImmediate(resolve));
	}
	const begun = performance.now();
	await app.close();
	await gone;
	// Node itself waits for such a connection until its headers are a minute late.
	expect(performance.now() - begun).toBeLessThan(20_000);
});
