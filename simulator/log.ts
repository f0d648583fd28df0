/**
 * What really happened in the world around Posthaste, in order: what mechanisms saw and said, what
 * senders asked and were answered, when processes died. The auditor reads this and the disk, and
 * nothing of the engine's.
 */
import type { Draft, Effect, Milliseconds, ReceiptLevel, Resolution, SendResult } from "@posthaste/core";
import type { DatabaseChange } from "../packages/posthaste/src/store/port.ts";
import type { DiskFault, Unhealthy } from "./scenario.ts";

export type WorldEvent =
	| { readonly type: "started" }
	/** The program is told to stop; it dies once it has. */
	| { readonly type: "stopping" }
	| { readonly type: "died" }
	| { readonly type: "calm" }
	/** A sender hands a message in, is told that it was accepted, or refused. */
	| { readonly type: "asked"; readonly request: string; readonly draft: Draft; readonly idempotencyKey?: string }
	| {
			readonly type: "accepted";
			readonly request: string;
			readonly message: string;
			readonly repeated: boolean;
			readonly deliveries: readonly { readonly id: string; readonly recipient: string }[];
	  }
	| { readonly type: "refused"; readonly request: string; readonly code: string }
	/** A mechanism is handed an attempt. */
	| {
			readonly type: "send";
			readonly mechanism: string;
			readonly attempt: string;
			readonly try: number;
			readonly message: string;
			readonly address: string;
			readonly publicKey?: string;
			readonly subject: string | undefined;
			readonly body: string;
			/** Whether the journal on disk had the intent at that moment. */
			readonly intended: boolean;
	  }
	| { readonly type: "shown"; readonly attempt: string; readonly mechanism: string }
	/** The mechanism's answer, in time or not. `heard`: the process that asked was still alive. */
	| {
			readonly type: "returned";
			readonly attempt: string;
			readonly try: number;
			readonly result: SendResult | "threw";
			readonly heard: boolean;
	  }
	/** A receipt is reported; `kept` is the promise that it is on disk. */
	| { readonly type: "receipt"; readonly mechanism: string; readonly attempt: string; readonly level: ReceiptLevel }
	| {
			readonly type: "receipt-kept";
			readonly mechanism: string;
			readonly attempt: string;
			readonly level: ReceiptLevel;
	  }
	| { readonly type: "retract"; readonly mechanism: string; readonly attempt: string }
	/** The mechanism says that it has taken the attempt back. */
	| { readonly type: "retracted"; readonly mechanism: string; readonly attempt: string }
	/** The recipient writes back; `kept` as with receipts. */
	| { readonly type: "reply"; readonly mechanism: string; readonly attempt: string; readonly body: string }
	| { readonly type: "reply-kept"; readonly mechanism: string; readonly attempt: string; readonly body: string }
	/** An instance of a mechanism came up. What is reported from now on goes to it. */
	/** An instance is there; `late` when the program had stopped waiting for it. */
	| { readonly type: "created"; readonly mechanism: string; readonly late: boolean }
	/** What a mechanism says of somebody, and how it is itself; undefined when it is well. */
	| { readonly type: "presence"; readonly mechanism: string; readonly address: string; readonly available: boolean }
	| { readonly type: "health"; readonly mechanism: string; readonly how: Unhealthy | undefined }
	/** A sender sees a question, answers it, and hears that the answer counts. */
	| { readonly type: "question"; readonly prompt: string; readonly text: string }
	| { readonly type: "answer"; readonly prompt: string; readonly answer: "yes" | "no" }
	| { readonly type: "answer-kept"; readonly prompt: string; readonly answer: "yes" | "no" }
	| { readonly type: "cancel"; readonly message: string }
	| { readonly type: "cancel-kept"; readonly message: string }
	| { readonly type: "resolve"; readonly delivery: string; readonly resolution: Resolution }
	/** A change of the databases is on disk; and the one who made it has been told. */
	| { readonly type: "changed"; readonly revision: number; readonly changes: readonly DatabaseChange[] }
	| { readonly type: "change-told"; readonly revision: number }
	/** What is installed of a plugin has changed; and whoever changed it has been told that this change is in force. */
	| {
			readonly type: "installed";
			readonly number: number;
			readonly plugin: string;
			readonly active: string | null;
			readonly versions: readonly string[];
	  }
	| { readonly type: "installed-told"; readonly number: number }
	/** A manager that runs elsewhere was asked for the effect after `past` others: what it said, or why it could not. */
	| {
			readonly type: "consulted";
			readonly delivery: string;
			readonly version: string;
			readonly past: number;
			readonly said: Effect | null | { readonly failed: string };
			readonly heard: boolean;
	  }
	/** The disk becomes faulty, or is well again. */
	| { readonly type: "weather"; readonly fault: DiskFault | undefined }
	| { readonly type: "clock"; readonly kind: "jump" | "stall"; readonly by: Milliseconds };

export type LoggedEvent = WorldEvent & { readonly at: Milliseconds };

export class WorldLog {
	readonly events: LoggedEvent[] = [];
	readonly #now: () => Milliseconds;

	constructor(now: () => Milliseconds) {
		this.#now = now;
	}

	add(event: WorldEvent): void {
		this.events.push({ ...event, at: this.#now() });
	}
}
