/**
 * Bugs put in on purpose, one at a time, to see that the auditor finds them. They sit between the engine
 * and its surroundings, or replace a method while a run lasts; what is shipped has no switch for them.
 */

import type { Draft } from "@posthaste/core";
import sequence from "@posthaste/manager-sequence";
import { RunningMechanisms } from "../packages/posthaste/src/host/mechanisms.ts";
import type { Append, Store, WriteBatch, WriteResult } from "../packages/posthaste/src/store/port.ts";
import { StoreError } from "../packages/posthaste/src/store/sqlite/errors.ts";
import type { Rule } from "./audit/evidence.ts";
import { SimulatedPlugins } from "./installed.ts";
import * as quiet from "./quiet-bugs.ts";
import type { Bug, World } from "./world.ts";

/** Replaces methods of a store and leaves the others alone. */
function storeWith(store: Store, replaced: Partial<Store>): Store {
	return new Proxy(store, {
		get: (target, name: keyof Store) => replaced[name] ?? target[name],
	});
}

/** Says that entries are on disk, and writes them a little later. */
const sendBeforeIntent: Bug = {
	options: (options, world) => ({ ...options, store: hasty(options.store, world) }),
};

function hasty(store: Store, world: World): Store {
	const later = (appends: readonly Append[]) =>
		world.clock.timer(25, () => void store.write({ accepts: [], appends }).catch(() => undefined));
	return storeWith(store, {
		async write({ accepts, appends }: WriteBatch): Promise<WriteResult> {
			const isNew = ({ delivery }: Append) => accepts.some(({ message }) => delivery.startsWith(message.id));
			const old = appends.filter((append) => !isNew(append));
			const { accepts: accepted, appends: written } = await store.write({ accepts, appends: appends.filter(isNew) });
			if (old.length > 0) {
				later(old);
			}
			const results = [...written];
			return {
				accepts: accepted,
				appends: appends.map((append) => (isNew(append) ? (results.shift() ?? "fenced") : "written")),
			};
		},
	});
}

/** Every ninth of the longer timers never fires. */
const forgetTimer: Bug = {
	options(options) {
		const { clock } = options;
		let timers = 0;
		return clock === undefined
			? options
			: {
					...options,
					clock: {
						now: () => clock.now(),
						timer(delay, callback) {
							timers += delay >= 1000 ? 1 : 0;
							return delay >= 1000 && timers % 9 === 0 ? { cancel() {} } : clock.timer(delay, callback);
						},
					},
				};
	},
};

/** What the sender says about expiry is lost on the way in. */
const ignoreExpiry: Bug = {
	posthaste: (posthaste) => ({
		...posthaste,
		send({ properties = {}, ...draft }: Draft, options) {
			const { expires: _, ...others } = properties;
			return posthaste.send({ ...draft, properties: others }, options);
		},
	}),
};

/** What a mechanism accepted is handed to it once more. */
const repeatAfterAccepted: Bug = {
	patch() {
		const { send } = RunningMechanisms.prototype;
		RunningMechanisms.prototype.send = async function (mechanism, attempt, hindrance) {
			const result = await send.call(this, mechanism, attempt, hindrance);
			return result.outcome === "accepted" ? send.call(this, mechanism, attempt, hindrance) : result;
		};
		return () => {
			RunningMechanisms.prototype.send = send;
		};
	},
};

/** The manager asks, and does not listen to the first answer. */
const askTwice: Bug = {
	patch() {
		const { deliver } = sequence;
		sequence.deliver = function* (context) {
			const course = deliver.call(sequence, context);
			let step = course.next();
			while (step.done !== true) {
				if (step.value.effect === "ask") {
					yield step.value;
				}
				step = course.next(yield step.value);
			}
		};
		return () => {
			sequence.deliver = deliver;
		};
	},
};

/** When the disk is full everything goes on as if it had been written. */
const dropOnFullDisk: Bug = {
	options(options) {
		const { store } = options;
		const write = async (batch: WriteBatch): Promise<WriteResult> => {
			try {
				return await store.write(batch);
			} catch (error) {
				if (error instanceof StoreError && error.code === "disk-full") {
					const accepts = batch.accepts.map(() => ({ result: "accepted" as const }));
					return { accepts, appends: batch.appends.map(() => "written" as const) };
				}
				throw error;
			}
		};
		return { ...options, store: storeWith(store, { write }) };
	},
};

/** Whatever version a delivery is pinned to, the one in use is asked. */
const mixVersions: Bug = {
	patch() {
		const { version } = SimulatedPlugins.prototype;
		SimulatedPlugins.prototype.version = function (type, id, wanted) {
			const { active } = this.get(type, id) ?? {};
			return version.call(this, type, id, active ?? wanted);
		};
		return () => {
			SimulatedPlugins.prototype.version = version;
		};
	},
};

/** Each bug, with the rules that it breaks first of all. */
export const bugs = {
	"send before intent": { bug: sendBeforeIntent, breaks: ["intent"] },
	"forget a timer": { bug: forgetTimer, breaks: ["end"] },
	"ignore expiry": { bug: ignoreExpiry, breaks: ["expiry"] },
	"repeat after accepted": { bug: repeatAfterAccepted, breaks: ["repeat"] },
	"ask twice": { bug: askTwice, breaks: ["prompt"] },
	"mix versions": { bug: mixVersions, breaks: ["version"] },
	"drop on a full disk": { bug: dropOnFullDisk, breaks: ["lost"] },
	"invent absence": { bug: quiet.inventAbsence, breaks: ["policy"] },
	"invent inactivity": { bug: quiet.inventInactivity, breaks: ["policy"] },
	"invent a crowd": { bug: quiet.inventCrowd, breaks: ["truth"] },
	"resend although next": { bug: quiet.resendAlthoughNext, breaks: ["repeat"] },
	"ignore retryAfter": { bug: quiet.ignoreRetryAfter, breaks: ["order"] },
	"give up late": { bug: quiet.giveUpLate, breaks: ["time"] },
	"hide questions": { bug: quiet.hideQuestions, breaks: ["prompt"] },
	"send another body": { bug: quiet.sendAnotherBody, breaks: ["truth"] },
	"take nothing back": { bug: quiet.takeNothingBack, breaks: ["truth"] },
	"lose replies": { bug: quiet.loseReplies, breaks: ["truth"] },
	"claim certainty": { bug: quiet.claimCertainty, breaks: ["truth"] },
	"let evidence fall": { bug: quiet.letEvidenceFall, breaks: ["truth"] },
} as const satisfies Record<string, { readonly bug: Bug; readonly breaks: readonly Rule[] }>;
