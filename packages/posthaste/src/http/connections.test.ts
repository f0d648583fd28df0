/** A server that closes waits for nobody who has not said anything. */
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { start } from "./testing/start.ts";

test("a connection that never made a request does not keep the server open", async () => {
	const { app } = await start();
	await app.listen({ host: "127.0.0.1", port: 0 });
	const address = app.server.address();
	const socket = connect(typeof address === "object" && address ? address.port : 0, "127.0.0.1");
	await once(socket, "connect");
	const gone = once(socket, "close");
	const begun = performance.now();
	await app.close();
	await gone;
	// Node itself waits for such a connection until its headers are a minute late.
	expect(performance.now() - begun).toBeLessThan(20_000);
});
