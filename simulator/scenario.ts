/**
 * A scenario: everything that will be done to Posthaste in one run, as data. It is drawn from a seed,
 * can be printed for people, and can be made smaller while it still fails.
 */
import type { Capabilities, Draft, MechanismKind, Milliseconds, Resolution } from "@posthaste/core";
import type { ConfigurationDocument, ManagerDefinition, UserDefinition } from "../packages/posthaste/src/posthaste.ts";

/** How a call of a mechanism can go. `shown` says whether the person gets the message. */
export const fates = [
	/** Accepted, and shown. */
	"accepts",
	/** Accepted, and lost on the way. */
	"loses",
	"unavailable",
	"rejects",
	"fails",
	/** Nobody can say; sometimes it was shown. */
	"unknown",
	/** Throws, before or after it was shown. */
	"throws",
	/** Throws at once, without a promise. */
	"throws-at-once",
	/** Never answers. */
	"hangs",
	/** Answers only when its signal aborts. */
	"dawdles",
	/** Answers after the deadline and the grace. */
	"answers-late",
	/** Shown twice, and what follows from the first showing reported twice. */
	"doubles",
	/** The receipt comes before the answer. */
	"overtakes",
] as const;
export type Fate = (typeof fates)[number];

export type DiskFault =
	/** Every write is refused. */
	| "full"
	/** Writes and reads are refused now and then. */
	| "failing"
	/** Writes are refused now and then, although some of them were written. */
	| "doubtful"
	/** Writes take up to some seconds. */
	| "slow";

export interface SimulatedMechanism {
	readonly name: string;
	readonly kind: MechanismKind;
	readonly capabilities: Capabilities;
	/** How its calls go when nothing special is the matter, as weights. */
	readonly habits: Readonly<Partial<Record<Fate, number>>>;
}

export type Step = { readonly at: Milliseconds; readonly key: string } & (
	| {
			readonly do: "send";
			readonly draft: Draft;
			readonly idempotencyKey?: string;
			/** Sent again under the same key after these times. */
			readonly again: readonly Milliseconds[];
	  }
	| { readonly do: "cancel"; readonly message: string }
	| { readonly do: "put-user"; readonly user: string; readonly definition: UserDefinition }
	| { readonly do: "delete-user"; readonly user: string }
	| { readonly do: "put-manager"; readonly manager: string; readonly definition: ManagerDefinition }
	/** New settings, so a new instance. */
	| { readonly do: "renew-mechanism"; readonly mechanism: string; readonly note: string }
	| { readonly do: "disable" | "enable"; readonly mechanism: string }
	| { readonly do: "unhealthy"; readonly mechanism: string; readonly lasts: Milliseconds; readonly how: Unhealthy }
	| { readonly do: "presence"; readonly mechanism: string; readonly user: string; readonly available: boolean }
	/** The mechanism says again and again that somebody is not there, whether they are or not. */
	| { readonly do: "missed"; readonly mechanism: string; readonly user: string; readonly lasts: Milliseconds }
	/** Somebody hands in another draft under the key of an earlier one. */
	| { readonly do: "misuse-key"; readonly draft: Draft; readonly idempotencyKey: string }
	/** Taken out of everybody's table and every configuration first, since what is in use cannot be deleted. */
	| { readonly do: "delete-mechanism"; readonly mechanism: string }
	/** Back with these settings, and in the tables of these users again. */
	| {
			readonly do: "put-back-mechanism";
			readonly mechanism: string;
			readonly note: string;
			readonly users: Readonly<Record<string, UserDefinition>>;
	  }
	/** A version is installed, and is what new deliveries and instances use from then on. */
	| { readonly do: "install"; readonly plugin: string; readonly version: string }
	/** New deliveries use the version that they used before. */
	| { readonly do: "roll-back"; readonly plugin: string }
	/** A version, or every one, is taken away although deliveries are pinned to it. */
	| {
			readonly do: "take-away";
			readonly type: "manager" | "mechanism";
			readonly plugin: string;
			readonly version?: string;
	  }
	/** The manager that runs elsewhere does not answer, whichever version is asked. */
	| { readonly do: "silence"; readonly lasts: Milliseconds }
	/** A receipt for an attempt that never was. */
	| { readonly do: "stray-receipt"; readonly mechanism: string; readonly attempt: string }
	| { readonly do: "disk"; readonly fault: DiskFault; readonly lasts: Milliseconds }
	/** A jump by less than nothing sets the clock back. */
	| { readonly do: "jump" | "stall"; readonly by: Milliseconds }
	/** The program is told to stop, ends what is under way, and is started again later. */
	| { readonly do: "stop"; readonly down: Milliseconds }
	/** The process dies at this moment, or at the n-th thing it does with the outside from then on. */
	| {
			readonly do: "kill";
			readonly after: number;
			/** How many turns of the microtask queue it lives on after that. */
			readonly turns: number;
			readonly down: Milliseconds;
	  }
);
export type StepOf<Do extends Step["do"]> = Extract<Step, { readonly do: Do }>;

export type Unhealthy =
	| "says-so"
	| "will-not-start"
	| "asked-says-so"
	| "asked-throws"
	| "asked-hangs"
	/** A new instance never comes up, or only after the time for it is over. */
	| "start-hangs"
	| "start-late"
	/** An instance that is let go never says that it has closed. */
	| "close-hangs";

/** How people behave towards prompts, held deliveries and messages. */
export interface People {
	/** Chance that a question is answered at all, and that the answer is yes. */
	readonly answers: number;
	readonly yes: number;
	readonly resolutions: readonly Resolution[];
	/** Chances that a message shown brings these receipts. */
	readonly delivered: number;
	readonly read: number;
	readonly acknowledges: number;
	readonly replies: number;
}

export interface Scenario {
	readonly seed: number;
	/** When the clock of the run starts. */
	readonly start: Milliseconds;
	readonly mechanisms: readonly SimulatedMechanism[];
	readonly document: ConfigurationDocument;
	/** What is installed at the beginning: plugins and the version of each. */
	readonly installed: Readonly<Record<string, string>>;
	readonly people: People;
	readonly healthInterval: Milliseconds;
	readonly concurrency: number;
	/** In order of time. */
	readonly steps: readonly Step[];
	/** After this time nothing more goes wrong, and everything has to come to its end. */
	readonly calmAt: Milliseconds;
	/** Fates that shrinking took out: those calls accept instead. */
	readonly spared: readonly Fate[];
}
