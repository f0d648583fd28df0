/** A mechanism that runs elsewhere, as the program sees it: a plugin whose instances pass every call on. */
import {
	type HostSocket,
	type MechanismHost,
	type MechanismInstance,
	type MechanismPlugin,
	type ReceiptLevel,
	type SendResult,
	thrownText,
} from "@posthaste/core";
import { JSONRPCErrorException } from "json-rpc-2.0";
import { PeerGone } from "./peer.ts";
import { errorCodes, type MechanismDescription, type OptionalMethod } from "./protocol.ts";
import { type HostPeer, PluginDown, type Runner } from "./runner.ts";

interface Live {
	readonly host: MechanismHost;
	readonly name: string;
	readonly settings: unknown;
}

/** Frames of a socket that wait while the plugin is asked to serve it are few; the rest is the plugin's to bound. */
export class RemoteMechanism {
	readonly plugin: MechanismPlugin;
	readonly #runner: Runner;
	readonly #live = new Map<string, Live>();
	readonly #sockets = new Map<string, HostSocket>();
	#made = 0;
	#calls = 0;
	#socketCount = 0;

	constructor(description: MechanismDescription, runner: Runner) {
		this.#runner = runner;
		this.plugin = {
			...(description as unknown as MechanismPlugin),
			create: (settings, host) => this.#create(settings, host),
		};
	}

	/** Instances that are not closed. */
	get instances(): number {
		return this.#live.size;
	}

	/** Sets up what the plugin may ask, each time it starts. */
	prepare(peer: HostPeer): void {
		const hostOf = (instance: string) => this.#hostOf(instance);
		peer.answer("storage.get", async ({ instance, key }) => ({ value: await hostOf(instance).storage.get(key) }));
		peer.answer("storage.set", async ({ instance, key, value }) => done(hostOf(instance).storage.set(key, value)));
		peer.answer("storage.delete", async ({ instance, key }) => done(hostOf(instance).storage.delete(key)));
		peer.answer("storage.list", async ({ instance, prefix }) => ({
			entries: await hostOf(instance).storage.list(prefix),
		}));
		peer.answer("receipt", async ({ instance, attempt, level, evidence }) =>
			done(hostOf(instance).receipt(receiptOf(attempt, level, evidence))),
		);
		peer.answer("reply", async ({ instance, attempt, body }) =>
			done(hostOf(instance).reply({ attempt: String(attempt), body: String(body) })),
		);
		peer.hear("presence.changed", ({ instance, address, state }) => hostOf(instance).presence({ address, state }));
		peer.hear("health.changed", ({ instance, health }) => hostOf(instance).health(health));
		peer.hear("socket.serve", ({ instance, path }) => this.#serve(instance, path));
		peer.hear("socket.send", ({ socket, text }) => this.#sockets.get(socket)?.send(text));
		peer.hear("socket.close", ({ socket, code, reason }) => this.#sockets.get(socket)?.close(code, reason));
	}

	/** The plugin ended: its mechanisms are inactive until it is up again, and its sockets are closed. */
	down(reason: string): void {
		for (const { host } of this.#live.values()) {
			host.health({ healthy: false, detail: reason });
		}
		for (const socket of this.#sockets.values()) {
			socket.close(1012, "the plugin is being started again");
		}
		this.#sockets.clear();
	}

	/** The plugin is up again, so its instances are made once more. */
	async up(): Promise<void> {
		for (const [instance, { name, settings, host }] of this.#live) {
			try {
				await this.#runner.ask("create", { instance, name, settings });
				host.health({ healthy: true });
			} catch (error) {
				host.health({ healthy: false, detail: thrownText(error) });
			}
		}
	}

	async #create(settings: unknown, host: MechanismHost): Promise<MechanismInstance> {
		this.#made += 1;
		const instance = `i${this.#made}`;
		this.#live.set(instance, { host, name: host.name, settings });
		try {
			const { methods } = await this.#runner.ask("create", { instance, name: host.name, settings });
			return this.#instance(instance, methods);
		} catch (error) {
			this.#live.delete(instance);
			throw error;
		}
	}

	#instance(instance: string, methods: readonly OptionalMethod[]): MechanismInstance {
		const runner = this.#runner;
		const able = new Set(methods);
		const within = <Result>(signal: AbortSignal, ask: (call: string) => Promise<Result>) => this.#call(signal, ask);
		return {
			send: (attempt, signal) => honest(within(signal, (call) => runner.ask("send", { instance, call, attempt }))),
			...(able.has("presence") && {
				presence: (address, signal) => within(signal, (call) => runner.ask("presence", { instance, call, address })),
			}),
			...(able.has("status") && {
				status: (attempt, signal) => within(signal, (call) => runner.ask("status", { instance, call, attempt })),
			}),
			...(able.has("retract") && {
				retract: async (attempt, signal) =>
					(await within(signal, (call) => runner.ask("retract", { instance, call, attempt }))).retracted,
			}),
			health: async (signal) => {
				// A plugin that is down is not well, whether or not it could say so itself.
				if (runner.downBecause !== undefined) {
					return { healthy: false, detail: runner.downBecause };
				}
				return able.has("health")
					? within(signal, (call) => runner.ask("health", { instance, call }))
					: { healthy: true };
			},
			close: async () => {
				this.#live.delete(instance);
				if (runner.isUp) {
					await runner.ask("close", { instance });
				}
			},
		};
	}

	async #call<Result>(signal: AbortSignal, ask: (call: string) => Promise<Result>): Promise<Result> {
		this.#calls += 1;
		const call = `c${this.#calls}`;
		const abort = () => this.#runner.tell("abort", { call });
		signal.addEventListener("abort", abort, { once: true });
		try {
			const asked = ask(call);
			if (signal.aborted) {
				abort();
			}
			return await asked;
		} finally {
			signal.removeEventListener("abort", abort);
		}
	}

	#hostOf(instance: string): MechanismHost {
		const live = this.#live.get(instance);
		if (live === undefined) {
			throw new Error(`there is no instance ${instance} any more`);
		}
		return live.host;
	}

	#serve(instance: string, path: string): void {
		this.#hostOf(instance).webSocket(path, (socket, { url }) => {
			this.#socketCount += 1;
			const id = `s${this.#socketCount}`;
			this.#sockets.set(id, socket);
			socket.onMessage((text) => this.#runner.tell("socket.message", { socket: id, text }));
			socket.onClose(() => {
				this.#sockets.delete(id);
				this.#runner.tell("socket.closed", { socket: id });
			});
			this.#runner.tell("socket.opened", { instance, path, socket: id, url: url.href });
		});
	}
}

/** What became of an attempt whose plugin ended: nothing, when it was not handed over, and otherwise nobody knows. */
async function honest(sent: Promise<SendResult>): Promise<SendResult> {
	try {
		return await sent;
	} catch (error) {
		if (error instanceof PluginDown) {
			return { outcome: "failed", evidence: `not sent: the plugin is down (${error.message})` };
		}
		if (error instanceof JSONRPCErrorException && error.code === errorCodes.noInstance) {
			return { outcome: "failed", evidence: "not sent: the plugin is being started again" };
		}
		if (error instanceof PeerGone) {
			return { outcome: "unknown", evidence: `the plugin ended before it answered: ${error.message}` };
		}
		throw error;
	}
}

function receiptOf(attempt: string, level: ReceiptLevel, evidence: string | undefined) {
	return { attempt: String(attempt), level, ...(evidence !== undefined && { evidence: String(evidence) }) };
}

async function done(work: Promise<void>): Promise<Record<string, never>> {
	await work;
	return {};
}
