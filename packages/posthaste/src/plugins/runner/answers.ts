/** Answers what the program asks of a plugin. */
import {
	type ManagerPlugin,
	type MechanismPlugin,
	managerApiVersion,
	mechanismApiVersion,
	NotDeterministicError,
	thrownText,
} from "@posthaste/core";
import { JSONRPCErrorException } from "json-rpc-2.0";
import { type Description, errorCodes } from "../protocol.ts";
import type { PluginPeer } from "./main.ts";
import { answerForManager } from "./manager.ts";
import { answerForMechanism } from "./mechanism.ts";

export function answerFor(plugin: ManagerPlugin | MechanismPlugin | undefined, peer: PluginPeer): void {
	peer.answer("ping", () => {
		const { external, arrayBuffers } = process.memoryUsage();
		return { external: external + arrayBuffers };
	});
	peer.answer("initialize", (spoken) => {
		const described = describe(plugin);
		demandVersion(described, spoken);
		return described;
	});
	if (plugin?.type === "manager") {
		answerForManager(plugin, peer);
	} else if (plugin?.type === "mechanism") {
		answerForMechanism(plugin, peer);
	}
}

/** The descriptor as data: schemas are JSON Schema, and functions do not travel. */
function describe(plugin: ManagerPlugin | MechanismPlugin | undefined): Description {
	if (plugin?.type !== "manager" && plugin?.type !== "mechanism") {
		throw new Error("its default export is no plugin: export what defineManager or defineMechanism answers");
	}
	return JSON.parse(JSON.stringify(plugin));
}

function demandVersion(
	{ type, id, apiVersion }: Description,
	spoken: { readonly managerApiVersion: number; readonly mechanismApiVersion: number },
): void {
	const expected = type === "manager" ? spoken.managerApiVersion : spoken.mechanismApiVersion;
	const lent = type === "manager" ? managerApiVersion : mechanismApiVersion;
	if (apiVersion !== expected || apiVersion !== lent) {
		throw new JSONRPCErrorException(
			`${type} plugin "${id}" speaks version ${apiVersion} of the contract; this program speaks ${expected}`,
			errorCodes.apiVersion,
		);
	}
}

/** An error with the code that says what kind it is. */
export function failure(error: unknown): JSONRPCErrorException {
	if (error instanceof JSONRPCErrorException) {
		return error;
	}
	const code = error instanceof NotDeterministicError ? errorCodes.notDeterministic : errorCodes.threw;
	return new JSONRPCErrorException(thrownText(error), code);
}
