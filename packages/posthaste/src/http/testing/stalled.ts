/** Clients that begin a request and then say nothing, in whatever numbers a test needs. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { Listening } from "./start.ts";

/** Opened at a time, so that a busy machine is not late for all of them together. */
const atOnce = 25;

export interface Stalled {
	readonly socket: Socket;
	/** What the server has answered until now. */
	readonly answer: () => string;
	/** Resolves with all of it when the server has closed the connection. */
	readonly closed: Promise<string>;
}

/** One client that has sent this much. It goes with the test. */
export async function stall(port: number, said: string | Buffer): Promise<Stalled> {
	const socket = connect({ port, host: "127.0.0.1" });
	onTestFinished(() => void socket.destroy());
	socket.on("error", () => undefined);
	let text = "";
	socket.setEncoding("latin1").on("data", (piece: string) => {
		text += piece;
	});
	const closed = new Promise<string>((resolve) => socket.once("close", () => resolve(text)));
	await once(socket, "connect");
	socket.write(said);
	return { socket, answer: () => text, closed };
}

/** As many as that whom the server lets in: one that is sent away, since the machine is busy, comes again. */
export async function stallMany({ app, port }: Listening, said: string, count: number): Promise<readonly Stalled[]> {
	let inside: readonly Stalled[] = [];
	let begun = 0;
	let seen = 0;
	app.server.on("request", ({ url }: IncomingMessage) => {
		seen += url === "/healthz" ? 0 : 1;
	});
	while (inside.length < count) {
		const wanted = Math.min(atOnce, count - inside.length);
		begun += wanted;
		const more = await Promise.all(Array.from({ length: wanted }, () => stall(port, said)));
		while (seen < begun) {
			await new Promise((resolve) => setImmediate(resolve));
		}
		// Whom the server sends away hears of it before the one who asks later.
		await (await fetch(`http://127.0.0.1:${port}/healthz`)).text();
		inside = [...inside, ...more].filter((one) => one.answer() === "" && !one.socket.destroyed);
	}
	return inside;
}

/** The head of a request, with what follows it. */
export function head(line: string, ...headers: readonly string[]): string {
	return `${[`${line} HTTP/1.1`, "Host: 127.0.0.1", ...headers].join("\r\n")}\r\n\r\n`;
}
