/**
 * Plugins may be plain JavaScript, so what a manager yields is looked at before it is carried out: an
 * effect that is none would leave its delivery waiting for ever.
 */
import { longestDuration } from "./duration.ts";
import type { Effect } from "./manager.ts";
import { levels } from "./outcome.ts";

/**
 * The effect, its lengths of time as whole milliseconds.
 * @throws TypeError when it is not an effect
 */
export function checkEffect(value: unknown): Effect {
	const effect = (value ?? {}) as Effect;
	switch (effect.effect) {
		case "attempt":
			return checkAttempt(effect);
		case "ask":
			demand(typeof effect.question === "string", "an ask's question is not a text");
			demand(effect.otherwise === "yes" || effect.otherwise === "no", "an ask's `otherwise` is neither yes nor no");
			return { ...effect, within: wholeLength(effect.within, "an ask's `within`") };
		case "wait":
			return { ...effect, duration: wholeLength(effect.duration, "a wait's duration") };
		case "note":
			demand(typeof effect.text === "string", "a note's text is not a text");
			return effect;
		default:
			throw new TypeError("it yielded something that is not an effect");
	}
}

function checkAttempt(effect: Extract<Effect, { effect: "attempt" }>): Effect {
	const { mechanisms, mode, until, within } = effect;
	const named = Array.isArray(mechanisms) && mechanisms.every((selector) => typeof selector === "string");
	demand(named, "an attempt's mechanisms are not a list of names");
	demand(mode === "serial" || mode === "parallel", "an attempt's mode is neither serial nor parallel");
	demand(levels.includes(until), "an attempt's `until` is not a level");
	return { ...effect, within: wholeLength(within, "an attempt's `within`") };
}

function wholeLength(length: unknown, what: string): number {
	const fits = typeof length === "number" && length >= 0 && length <= longestDuration;
	demand(fits, `${what} is not a length of time in milliseconds`);
	return Math.round(length as number);
}

function demand(holds: boolean, complaint: string): void {
	if (!holds) {
		throw new TypeError(complaint);
	}
}
