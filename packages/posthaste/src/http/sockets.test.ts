import { once } from "node:events";
import type { HostSocket } from "@posthaste/core";
import { describe, expect, it } from "vitest";
import WebSocket from "ws";
import { startListening } from "./testing/start.ts";

interface Taken {
	readonly mechanism: string;
	readonly path: string;
	readonly socket: HostSocket;
	readonly url: URL;
}

async function open(path: string, headers: Record<string, string> = {}, take: (taken: Taken) => boolean = () => true) {
	const taken: Taken[] = [];
	const started = await startListening({
		webSockets: {
			handle(mechanism, path, socket, url) {
				taken.push({ mechanism, path, socket, url });
				return take(taken[0] as Taken);
			},
		},
	});
	const client = new WebSocket(`ws://127.0.0.1:${started.port}${path}`, { headers });
	return { ...started, taken, client };
}

async function closeOf(client: WebSocket): Promise<[number, string]> {
	const [code, reason] = await once(client, "close");
	return [code, String(reason)];
}

/** The status of a refused handshake, once the server has closed the connection. */
async function refusalOf(client: WebSocket): Promise<number> {
	const [, response] = await once(client, "unexpected-response");
	response.resume();
	await once(response, "close");
	return response.statusCode;
}

describe("WebSockets at /mechanisms/NAME/PATH", () => {
	it("carry text both ways between a client and a mechanism", async () => {
		const { taken, client } = await open("/mechanisms/web/inbox/a?user=jsmith", {}, ({ socket }) => {
			socket.onMessage((text) => socket.send(`got ${text}`));
			return true;
		});
		await once(client, "open");
		expect(taken).toMatchObject([{ mechanism: "web", path: "inbox/a" }]);
		expect(taken[0]?.url.searchParams.get("user")).toBe("jsmith");
		client.send("one");
		expect(String((await once(client, "message"))[0])).toBe("got one");
		client.close();
	});

	it("keep what comes before the mechanism listens", async () => {
		const { taken, client } = await open("/mechanisms/web/inbox");
		await once(client, "open");
		client.send("early");
		client.ping();
		await once(client, "pong");
		const heard: string[] = [];
		taken[0]?.socket.onMessage((text) => void heard.push(text));
		expect(heard).toEqual(["early"]);
		client.close();
	});

	it("are bounded in what they keep", async () => {
		const { client } = await open("/mechanisms/web/inbox");
		await once(client, "open");
		for (let count = 0; count < 200; count++) {
			client.send("unheard");
		}
		expect(await closeOf(client)).toEqual([1008, "nobody listens"]);
	});

	it("tell the mechanism when the client goes, and take no more text then", async () => {
		const { taken, client } = await open("/mechanisms/web/inbox");
		await once(client, "open");
		const socket = taken[0]?.socket;
		const closed = new Promise<void>((resolve) => socket?.onClose(resolve));
		client.terminate();
		await closed;
		expect(() => socket?.send("late")).not.toThrow();
	});

	it("are closed by the mechanism with its code", async () => {
		const { taken, client } = await open("/mechanisms/web/inbox");
		await once(client, "open");
		taken[0]?.socket.close(4001, "switched off");
		expect(await closeOf(client)).toEqual([4001, "switched off"]);
	});

	it("are closed where nobody listens", async () => {
		const { client } = await open("/mechanisms/none/inbox", {}, () => false);
		expect(await closeOf(client)).toEqual([4404, "no mechanism listens here"]);
	});

	it("take text alone, and not more than a megabyte", async () => {
		const { client } = await open("/mechanisms/web/inbox");
		await once(client, "open");
		client.send(Buffer.from([1]));
		expect((await closeOf(client))[0]).toBe(1003);
		const { client: other } = await open("/mechanisms/web/inbox");
		await once(other, "open");
		other.send("x".repeat(1024 * 1024 + 1));
		expect((await closeOf(other))[0]).toBe(1009);
	});

	it("are refused to pages of other sites and under other names", async () => {
		for (const headers of [{ origin: "https://evil.example" }, { host: "evil.example" }]) {
			const { client, taken } = await open("/mechanisms/web/inbox", headers as Record<string, string>);
			expect(await refusalOf(client)).toBe(400);
			expect(taken).toEqual([]);
		}
	});

	it.each([
		["/nothing", 404],
		["/mechanisms/%zz/inbox", 400],
	])("are refused at %s, and the connection is not left open", async (path, status) => {
		const { client, app } = await open(path);
		expect(await refusalOf(client)).toBe(status);
		await app.close();
	});

	it("end when the server closes, with a word of farewell", async () => {
		const { app, client } = await open("/mechanisms/web/inbox");
		await once(client, "open");
		const [atServer] = app.websocketServer.clients;
		const closed = Promise.all([closeOf(client), closeOf(atServer as WebSocket)]);
		await app.close();
		// Each side hears the other's close. 1006 is a connection that was cut (RFC 6455, section 7.1.5).
		expect((await closed).map(([code]) => code)).not.toContain(1006);
	});
});
