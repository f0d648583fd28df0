/**
 * What runs in a plugin's own thread or process: it loads the plugin, and answers for it. It imports
 * nothing of the program but the protocol, and of the rest only the contract.
 */
import { pathToFileURL } from "node:url";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import type { ManagerPlugin, MechanismPlugin } from "@posthaste/core";
import { Peer, type SendMessage } from "../peer.ts";
import type { HostMethods, HostNotices, PluginMethods, PluginNotices } from "../protocol.ts";
import { answerFor } from "./answers.ts";
import { lendContract } from "./lend.ts";

export type PluginPeer = Peer<HostMethods, HostNotices, PluginMethods, PluginNotices>;

lendContract();

if (isMainThread) {
	const send: SendMessage = (message) => void process.send?.(message);
	const peer: PluginPeer = new Peer(send);
	// The program is gone, so nobody needs the plugin any more.
	process.on("disconnect", () => process.exit());
	void start(process.argv[2] ?? "", peer, (listener) => process.on("message", listener));
} else {
	const port = parentPort;
	const peer: PluginPeer = new Peer((message) => port?.postMessage(message));
	void start(workerData.module, peer, (listener) => port?.on("message", listener));
}

/** Messages wait in the channel until the plugin is loaded. */
async function start(
	module: string,
	peer: PluginPeer,
	listen: (listener: (message: unknown) => void) => void,
): Promise<void> {
	const loaded: { default?: ManagerPlugin | MechanismPlugin } = await import(pathToFileURL(module).href);
	answerFor(loaded.default, peer);
	listen((message) => peer.receive(message));
}
