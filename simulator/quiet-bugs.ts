/**
 * Further bugs put in on purpose: those after which every journal reads well by itself, so that only what the world
 * did and saw, or what the configuration says, shows that something is wrong.
 */
import { DeliveryCourse } from "@posthaste/core";
import { Progress } from "../packages/core/src/progress.ts";
import { RunningMechanisms } from "../packages/posthaste/src/host/mechanisms.ts";
import { Inbound } from "../packages/posthaste/src/library/inbound.ts";
import type { Bug } from "./world.ts";

/** Puts another method in the place of one, for the time of a run. */
function replacing<Owner, Name extends keyof Owner>(
	owner: Owner,
	name: Name,
	replaced: (method: Owner[Name]) => Owner[Name],
): Bug {
	return {
		patch() {
			const method = owner[name];
			owner[name] = replaced(method);
			return () => {
				owner[name] = method;
			};
		},
	};
}

/** Some people are said to be absent of whom nobody has said so. */
export const inventAbsence = replacing(
	RunningMechanisms.prototype,
	"absent",
	(absent) =>
		function (this: RunningMechanisms, mechanism, address, now) {
			return JSON.stringify(address).includes("ann@") || absent.call(this, mechanism, address, now);
		},
);

/** A mechanism is said not to be active, although it is well. */
export const inventInactivity = replacing(
	RunningMechanisms.prototype,
	"activity",
	(activity) =>
		function (this: RunningMechanisms, name, now) {
			return name.startsWith("p") ? "inactive" : activity.call(this, name, now);
		},
);

/** Now and then there is said to be no place with a mechanism that stands idle. */
export const inventCrowd = replacing(RunningMechanisms.prototype, "takePlace", (takePlace) => {
	let calls = 0;
	return function (this: RunningMechanisms, mechanism) {
		calls += 1;
		return calls % 9 === 0 ? undefined : takePlace.call(this, mechanism);
	};
});

/** An attempt whose outcome is unknown is tried again, where the configuration wants to go on to the next. */
export const resendAlthoughNext = replacing(
	DeliveryCourse.prototype,
	"handle",
	(handle) =>
		function (this: DeliveryCourse, input, now) {
			const goesOn = input.type === "outcome" && this.policies.configuration.unknown === "next";
			return handle.call(this, goesOn && input.outcome === "unknown" ? { ...input, outcome: "failed" } : input, now);
		},
);

/** A mechanism's wish not to be asked again too soon is ignored. */
export const ignoreRetryAfter = replacing(
	DeliveryCourse.prototype,
	"handle",
	(handle) =>
		function (this: DeliveryCourse, input, now) {
			return handle.call(this, input.type === "outcome" ? { ...input, retryAfter: 0 } : input, now);
		},
);

/** Attempts that wait for a receipt have ten minutes more than the configuration gives them. */
export const giveUpLate: Bug = {
	patch() {
		const own = Object.getOwnPropertyDescriptor(DeliveryCourse.prototype, "due") ?? {};
		Object.defineProperty(DeliveryCourse.prototype, "due", {
			...own,
			get(this: DeliveryCourse) {
				const due: number | null = own.get?.call(this);
				const waits =
					this.pause?.on === "attempts" && this.pause.group.active.every(({ phase }) => phase !== "resting");
				return due === null || !waits ? due : Math.min(due + 600_000, this.message.expiresAt ?? due + 600_000);
			},
		});
		return () => Object.defineProperty(DeliveryCourse.prototype, "due", own);
	},
};

/** Questions are put, and whoever asks for them is shown none. */
export const hideQuestions: Bug = {
	posthaste: (posthaste) => ({
		...posthaste,
		prompts: { ...posthaste.prompts, list: async () => ({ items: [] }) },
	}),
};

/** Mechanisms are handed another text than the sender's. */
export const sendAnotherBody = replacing(
	RunningMechanisms.prototype,
	"send",
	(send) =>
		function (this: RunningMechanisms, mechanism, attempt, hindrance) {
			const message = { ...attempt.message, body: "something else" };
			return send.call(this, mechanism, { ...attempt, message }, hindrance);
		},
);

/** What is to be taken back stays where it is. */
export const takeNothingBack = replacing(RunningMechanisms.prototype, "retract", () => async () => false);

/** Replies are confirmed, and dropped. */
export const loseReplies = replacing(Inbound.prototype, "reply", () => async () => undefined);

/** What nobody can know is said to have failed for certain. */
export const claimCertainty = replacing(
	Progress.prototype,
	"settle",
	(settle) =>
		function (this: Progress, state, reason, attempt) {
			settle.call(this, state, reason === "unknown-outcome" ? "exhausted" : reason, attempt);
		},
);

/** A receipt that says less than an earlier one takes the place of that one. */
export const letEvidenceFall = replacing(
	DeliveryCourse.prototype,
	"handle",
	(handle) =>
		function (this: DeliveryCourse, input, now) {
			const decisions = handle.call(this, input, now);
			const attempt = input.type === "receipt" ? this.attempts.get(input.attempt) : undefined;
			if (attempt !== undefined && input.type === "receipt") {
				attempt.level = input.level;
			}
			return decisions;
		},
);
