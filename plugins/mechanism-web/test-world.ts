/** What the tests stand on: a network in memory between windows and instances, and a real one. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Attempt, HostSocket, MechanismHost, MechanismInstance, Message } from "@posthaste/core";
import { type ClientSocket, type TestHost, testAttempt, testHost } from "@posthaste/core/testing";
import { WebSocketServer } from "ws";
import type { WindowSocket, WindowSocketClass } from "./client.ts";
import type { WebAddress, WebSettings } from "./instance.ts";
import plugin from "./plugin.ts";
import { type ClientFrame, frameLimit, type ServerFrame, socketPath } from "./protocol.ts";

export const signal = (): AbortSignal => new AbortController().signal;

/** An attempt to reach `inbox`, told from others by its identifier. */
export function attemptTo(inbox: string, id: string, message: Partial<Message> = {}): Attempt<WebAddress> {
	return testAttempt<WebAddress>({ inbox }, { id, message: { body: `body of ${id}`, ...message } });
}

export interface World {
	readonly host: TestHost;
	readonly instance: MechanismInstance<WebAddress>;
}

export async function startWorld(settings: WebSettings = {}, host: TestHost = testHost()): Promise<World> {
	return { host, instance: await plugin.create(settings, host) };
}

/** The next run of the program: a new instance over what the storage holds. */
export async function restart(world: World, settings: WebSettings = {}): Promise<World> {
	await world.instance.close();
	return resume(world, settings);
}

/** The same after a crash: the instance before gets no chance to end anything. */
export function resume(world: World, settings: WebSettings = {}): Promise<World> {
	return startWorld(settings, testHost({ stored: world.host.stored(), now: world.host.now() }));
}

/** A window that speaks the protocol frame by frame. */
export class RawWindow {
	readonly socket: ClientSocket;

	constructor(host: TestHost) {
		this.socket = host.connectWebSocket(socketPath);
	}

	/** Connects, says hello, and resolves with the welcome. */
	static async open(host: TestHost, hello: Partial<Extract<ClientFrame, { type: "hello" }>> = {}): Promise<RawWindow> {
		const window = new RawWindow(host);
		window.say({ type: "hello", inbox: "john", version: 1, ...hello });
		await window.next("welcome");
		return window;
	}

	say(frame: ClientFrame): void {
		this.socket.send(JSON.stringify(frame));
	}

	/** The next frame, which has to be of this type. */
	async next<Type extends ServerFrame["type"]>(type: Type): Promise<Extract<ServerFrame, { type: Type }>> {
		const frame = JSON.parse(await this.socket.next()) as ServerFrame;
		if (frame.type !== type) {
			throw new Error(`expected ${type}, got ${JSON.stringify(frame)}`);
		}
		return frame as Extract<ServerFrame, { type: Type }>;
	}

	/** Asks for a pong, which comes after everything that was sent before: no other frame may stand in between. */
	async nothingElse(): Promise<void> {
		this.say({ type: "ping" });
		await this.next("pong");
	}

	frames<Type extends ServerFrame["type"]>(type: Type): Extract<ServerFrame, { type: Type }>[] {
		const all = this.socket.received.map((text) => JSON.parse(text) as ServerFrame);
		return all.filter((frame): frame is Extract<ServerFrame, { type: Type }> => frame.type === type);
	}
}

/** Lets client.ts reach whichever host the network leads to now; nobody answers while it leads nowhere. */
export class FakeNetwork {
	host: TestHost | undefined;
	readonly #open = new Set<ClientSocket>();
	readonly #sockets = new Set<WindowSocket>();
	readonly WebSocket: WindowSocketClass;

	constructor() {
		const network = this;
		this.WebSocket = class implements WindowSocket {
			onopen: WindowSocket["onopen"] = null;
			onmessage: WindowSocket["onmessage"] = null;
			onclose: WindowSocket["onclose"] = null;
			onerror: WindowSocket["onerror"] = null;
			readonly #socket = network.#connect();

			constructor() {
				network.#sockets.add(this);
				const socket = this.#socket;
				if (socket === undefined) {
					queueMicrotask(() => this.onclose?.({ code: 1006, reason: "" } as never));
					return;
				}
				queueMicrotask(() => socket.closed ?? this.onopen?.({} as never));
				socket.onMessage((data) => this.onmessage?.({ data } as never));
				socket.ended.then(() => this.onclose?.({ code: 1006, ...socket.closed } as never));
			}

			send(text: string): void {
				this.#socket?.send(text);
			}

			close(code?: number, reason?: string): void {
				this.#socket?.close(code, reason);
			}
		};
	}

	#connect(): ClientSocket | undefined {
		const socket = this.host?.connectWebSocket(socketPath);
		if (socket !== undefined) {
			this.#open.add(socket);
			socket.ended.then(() => this.#open.delete(socket));
		}
		return socket;
	}

	/** From now on nothing comes through the open connections, though they stay open. */
	silence(): void {
		for (const socket of this.#sockets) {
			socket.onmessage = null;
			socket.onclose = null;
		}
	}

	/** Every connection breaks. */
	cut(): void {
		for (const socket of this.#open) {
			socket.close(1006);
		}
	}
}

/** A server that gives instances WebSockets as the program does. */
export class RealServer {
	readonly #http: Server = createServer();
	readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 4 * frameLimit });
	readonly #port: number;
	onConnection: Parameters<MechanismHost["webSocket"]>[1] | undefined;

	private constructor(port: number) {
		this.#port = port;
	}

	/** `port` 0 takes any. */
	static async listen(port = 0): Promise<RealServer> {
		const server = new RealServer(port);
		server.#http.on("upgrade", (request, socket, head) => {
			server.#sockets.handleUpgrade(request, socket, head, (ws) => {
				server.onConnection?.(hostSocket(ws), { url: new URL(request.url ?? "/", "http://127.0.0.1") });
			});
		});
		server.#http.listen(server.#port, "127.0.0.1");
		await once(server.#http, "listening");
		return server;
	}

	get port(): number {
		return (this.#http.address() as AddressInfo).port;
	}

	/** A host whose WebSockets are this server's. */
	host(base: TestHost = testHost()): TestHost {
		return {
			...base,
			webSocket: (path, onConnection) => {
				base.webSocket(path, onConnection);
				this.onConnection = onConnection;
			},
		};
	}

	/** Breaks every connection without a word. */
	cut(): void {
		for (const socket of this.#sockets.clients) {
			socket.terminate();
		}
	}

	/** Ends as a program that is killed does. */
	async kill(): Promise<void> {
		this.cut();
		this.#http.close();
		await once(this.#http, "close");
	}
}

function hostSocket(socket: import("ws").WebSocket): HostSocket {
	return {
		send: (text) => socket.send(text),
		close: (code, reason) => socket.close(code, reason),
		onMessage: (listener) => socket.on("message", (data) => listener(data.toString())),
		onClose: (listener) => socket.on("close", listener),
	};
}
