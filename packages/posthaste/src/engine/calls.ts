/** Carries decisions out: the calls of mechanisms that deliveries have decided on, once that is on disk. */
import { type Attempt, type Decision, type DeliveryEntry, type Input, isFinal, type SendResult } from "@posthaste/core";
import type { Clock } from "./clock.ts";
import type { Directory, Mechanisms } from "./ports.ts";
import type { Resident } from "./resident.ts";

type AttemptDecision = Extract<Decision, { type: "attempt" }>;
type RetractDecision = Extract<Decision, { type: "retract" }>;

/** An attempt that is to be taken back; without an address when the recipient has none any more. */
interface Shown {
	readonly id: string;
	readonly mechanism: string;
	readonly address: DeliveryEntry["address"] | undefined;
	readonly reference: string | undefined;
}

/** Who counts calls under way. */
type Holder = Pick<Resident, "calls">;

export interface CallsParts {
	readonly mechanisms: Mechanisms;
	readonly directory: Directory;
	readonly clock: Clock;
	/** Hands the result of a call back to its delivery. */
	readonly handle: (resident: Resident, input: Input) => void;
	/** An attempt has come to its outcome, and others may have its place. */
	readonly freed: (mechanism: string) => void;
}

export class Calls {
	readonly #parts: CallsParts;
	#underWay = 0;
	#stopped = false;

	constructor(parts: CallsParts) {
		this.#parts = parts;
	}

	get underWay(): number {
		return this.#underWay;
	}

	/** Makes no more calls. */
	stop(): void {
		this.#stopped = true;
	}

	carryOut(resident: Resident, decision: Decision): void {
		if (decision.type === "attempt") {
			this.#send(resident, decision);
		} else if (decision.type === "retract") {
			this.#retract(resident, decision);
		}
	}

	/** An attempt that found no place has its outcome already. */
	#send(resident: Resident, decision: AttemptDecision): void {
		const { attempt: id, mechanism, try: tries } = decision;
		const giveBack = resident.takePlace(decision);
		if (giveBack === undefined) {
			return;
		}
		const end = (result: SendResult) => {
			giveBack();
			this.#parts.handle(resident, { type: "outcome", attempt: id, mechanism, try: tries, ...result });
			this.#parts.freed(mechanism);
		};
		const entry = resident.entries.get(mechanism);
		const hindrance = () => this.#hindrance(resident, id, entry);
		const now = hindrance();
		if (now !== undefined || entry === undefined) {
			end({ outcome: "failed", evidence: `not sent: ${now}` });
			return;
		}
		const attempt = attemptOf(resident, decision, entry);
		this.#call(resident, this.#parts.mechanisms.send(mechanism, attempt, hindrance), end);
	}

	/** Why an attempt whose intent is written must not be made any more. */
	#hindrance({ course, message }: Resident, attempt: string, entry: DeliveryEntry | undefined): string | undefined {
		if (message.expiresAt !== undefined && this.#parts.clock.now() >= message.expiresAt) {
			return "the message had expired";
		}
		if (course.attempts.get(attempt)?.phase !== "sending" || isFinal(course.state)) {
			return "the delivery had ended";
		}
		if (this.#stopped) {
			return "the program was stopping";
		}
		return entry === undefined ? "the recipient's entry is gone" : undefined;
	}

	#retract(resident: Resident, { attempt: id, mechanism }: RetractDecision): void {
		const address = resident.entries.get(mechanism)?.address;
		const reference = resident.course.attempts.get(id)?.reference;
		this.takeBack({ id, mechanism, address, reference }, resident, (done) =>
			this.#parts.handle(resident, { type: "retracted", attempt: id, mechanism, done }),
		);
	}

	/** Asks a mechanism to take back what it has shown, and hears whether it did. */
	takeBack({ id, mechanism, address, reference }: Shown, holder: Holder, end: (done: boolean) => void): void {
		const able = this.#parts.directory.snapshot.mechanisms.get(mechanism)?.capabilities.retraction === true;
		if (address === undefined || !able) {
			end(false);
			return;
		}
		const about = { id, address, ...(reference !== undefined && { reference }) };
		this.#call(holder, this.#parts.mechanisms.retract(mechanism, about), end);
	}

	/** A delivery stays in memory while a call of its is under way. */
	#call<Result>(holder: Holder, call: Promise<Result>, end: (result: Result) => void): void {
		holder.calls += 1;
		this.#underWay += 1;
		void call.then((result) => {
			holder.calls -= 1;
			this.#underWay -= 1;
			end(result);
		});
	}
}

function attemptOf(
	{ id, message, recipient, course }: Resident,
	{ attempt, try: tries, deadline }: AttemptDecision,
	{ address, publicKey }: DeliveryEntry,
): Attempt {
	return {
		id: attempt,
		try: tries,
		delivery: id,
		message,
		recipient: { id: recipient, name: course.policies.recipient.name },
		address,
		...(publicKey !== undefined && { publicKey }),
		deadline: Math.min(deadline, message.expiresAt ?? Number.POSITIVE_INFINITY),
	};
}
