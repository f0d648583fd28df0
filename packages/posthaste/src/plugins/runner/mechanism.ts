/** Answers for a mechanism: makes its instances, hands them calls, and passes on what they report. */
import type { HostSocket, MechanismHost, MechanismInstance, MechanismLog, MechanismPlugin } from "@posthaste/core";
import { JSONRPCErrorException } from "json-rpc-2.0";
import { errorCodes, optionalMethods } from "../protocol.ts";
import { failure } from "./answers.ts";
import type { PluginPeer } from "./main.ts";
import { Sockets } from "./sockets.ts";

export function answerForMechanism(plugin: MechanismPlugin, peer: PluginPeer): void {
	const instances = new Map<string, MechanismInstance>();
	const sockets = new Sockets(peer);
	const calls = new Calls(peer);
	const instanceOf = (id: string): MechanismInstance => {
		const instance = instances.get(id);
		if (instance === undefined) {
			throw new JSONRPCErrorException(`there is no instance ${id}`, errorCodes.noInstance);
		}
		return instance;
	};
	peer.answer("create", async ({ instance: id, name, settings }) => {
		const instance = await plugin.create(settings, hostFor(id, name, peer, sockets));
		instances.set(id, instance);
		return { methods: optionalMethods.filter((method) => instance[method] !== undefined) };
	});
	peer.answer("send", ({ instance, call, attempt }) =>
		calls.run(call, (signal) => instanceOf(instance).send(attempt, signal)),
	);
	peer.answer("presence", ({ instance, call, address }) =>
		calls.run(call, (signal) => demand(instanceOf(instance).presence?.(address, signal))),
	);
	peer.answer("status", ({ instance, call, attempt }) =>
		calls.run(call, (signal) => demand(instanceOf(instance).status?.(attempt, signal))),
	);
	peer.answer("retract", ({ instance, call, attempt }) =>
		calls.run(call, async (signal) => ({
			retracted: (await instanceOf(instance).retract?.(attempt, signal)) ?? false,
		})),
	);
	peer.answer("health", ({ instance, call }) =>
		calls.run(call, (signal) => demand(instanceOf(instance).health?.(signal))),
	);
	peer.answer("close", async ({ instance: id }) => {
		const instance = instances.get(id);
		instances.delete(id);
		sockets.forget(id);
		await instance?.close();
		return {};
	});
}

function demand<Result>(answer: Promise<Result> | undefined): Promise<Result> {
	return answer ?? Promise.reject(new Error("the plugin has no such method"));
}

/** Calls under way, each with the signal that ends it. */
class Calls {
	readonly #underWay = new Map<string, AbortController>();

	constructor(peer: PluginPeer) {
		peer.hear("abort", ({ call }) =>
			this.#underWay.get(call)?.abort(new DOMException("the call took too long", "TimeoutError")),
		);
	}

	async run<Result>(call: string, method: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
		const controller = new AbortController();
		this.#underWay.set(call, controller);
		try {
			return await method(controller.signal);
		} catch (error) {
			throw failure(error);
		} finally {
			this.#underWay.delete(call);
		}
	}
}

function hostFor(instance: string, name: string, peer: PluginPeer, sockets: Sockets): MechanismHost {
	return {
		name,
		log: logFor(instance, peer),
		storage: {
			get: async (key) => (await peer.ask("storage.get", { instance, key })).value,
			set: async (key, value) => void (await peer.ask("storage.set", { instance, key, value })),
			delete: async (key) => void (await peer.ask("storage.delete", { instance, key })),
			list: async (prefix) => (await peer.ask("storage.list", { instance, prefix })).entries,
		},
		now: () => Date.now(),
		receipt: async (receipt) => void (await peer.ask("receipt", { ...receipt, instance })),
		reply: async (reply) => void (await peer.ask("reply", { ...reply, instance })),
		presence: (presence) => peer.tell("presence.changed", { ...presence, instance }),
		health: (health) => peer.tell("health.changed", { instance, health }),
		webSocket: (path, onConnection: (socket: HostSocket, request: { readonly url: URL }) => void) =>
			sockets.serve(instance, path, onConnection),
	};
}

function logFor(instance: string, peer: PluginPeer): MechanismLog {
	const at = (level: "debug" | "info" | "warn" | "error") => (fields: object, text: string) =>
		peer.tell("log", { instance, level, fields, text });
	return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
