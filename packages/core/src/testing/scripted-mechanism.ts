/** A mechanism that does what a test tells it to, and remembers what it was asked. */
import { Type } from "typebox";
import {
	type Attempt,
	type Capabilities,
	defineMechanism,
	type MechanismHost,
	type MechanismPlugin,
} from "../mechanism.ts";
import type { MechanismKind } from "../model.ts";
import type { ReceiptLevel, SendResult } from "../outcome.ts";

/** How a scripted mechanism answers: a result, or a function that makes one (and may take its time). */
export type Script = SendResult | ((attempt: Attempt, signal: AbortSignal) => SendResult | Promise<SendResult>);

export interface ScriptedMechanism {
	readonly plugin: MechanismPlugin;
	/** Every attempt handed over, in order. */
	readonly sent: readonly Attempt[];
	readonly retracted: readonly string[];
	/** Instances that were made and not closed. */
	readonly open: number;
	/** What the mechanism answers from now on. `accepted` to begin with. */
	answers(script: Script): void;
	/** Reports a receipt for an attempt, the last one when none is named. */
	receipt(level: ReceiptLevel, attempt?: string): Promise<void>;
	reply(body: string, attempt?: string): Promise<void>;
	/** Says that the person behind every address used so far came or went. */
	presence(state: "available" | "unavailable", address: Readonly<Record<string, unknown>>): void;
	/** Says that the mechanism as a whole is well or not. */
	health(healthy: boolean, detail?: string): void;
}

export interface ScriptedOptions {
	readonly id: string;
	readonly kind?: MechanismKind;
	readonly capabilities?: Capabilities;
}

export function scriptedMechanism({ id, kind = "im", capabilities = {} }: ScriptedOptions): ScriptedMechanism {
	let script: Script = { outcome: "accepted", evidence: "scripted" };
	let host: MechanismHost | undefined;
	let open = 0;
	const sent: Attempt[] = [];
	const retracted: string[] = [];
	const last = () => sent.at(-1)?.id ?? "";
	const plugin = defineMechanism<unknown, Readonly<Record<string, unknown>>>({
		id,
		apiVersion: 1,
		version: "1.0.0",
		kind,
		title: `Scripted ${kind}`,
		settings: Type.Object({ note: Type.Optional(Type.String()) }, { additionalProperties: false }),
		address: Type.Object({ to: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
		capabilities,
		async create(_settings, given) {
			host = given;
			open += 1;
			return {
				async send(attempt, signal) {
					sent.push(attempt);
					return typeof script === "function" ? script(attempt, signal) : script;
				},
				...(capabilities.retraction === true && {
					async retract({ id: attempt }: { readonly id: string }) {
						retracted.push(attempt);
						return true;
					},
				}),
				async close() {
					open -= 1;
				},
			};
		},
	});
	return {
		plugin,
		sent,
		retracted,
		get open() {
			return open;
		},
		answers(given) {
			script = given;
		},
		receipt: async (level, attempt = last()) => host?.receipt({ attempt, level }),
		reply: async (body, attempt = last()) => host?.reply({ attempt, body }),
		presence: (state, address) => host?.presence({ address, state }),
		health: (healthy, detail) => host?.health({ healthy, ...(detail !== undefined && { detail }) }),
	};
}
