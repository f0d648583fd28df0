/** Says once that the disk refuses, and once that it takes writes again: not with every transaction between. */
import type { StoreLog } from "./backend.ts";
import type { StoreError, StoreErrorCode } from "./errors.ts";

/** What concerns the disk; any other error may be one caller's own. */
const concerning: ReadonlySet<StoreErrorCode> = new Set(["disk-full", "disk-failed", "database-damaged"]);

export class Trouble {
	readonly #log: StoreLog | undefined;
	#now: StoreErrorCode | undefined;

	constructor(log: StoreLog | undefined) {
		this.#log = log;
	}

	/** Hands the error back. */
	met(error: StoreError): StoreError {
		if (concerning.has(error.code) && error.code !== this.#now) {
			this.#now = error.code;
			this.#log?.error({ code: error.code, error: error.message }, "the store cannot write; messages are refused");
		}
		return error;
	}

	/** Something was written. */
	over(): void {
		if (this.#now !== undefined) {
			this.#log?.info({ code: this.#now }, "the store writes again");
			this.#now = undefined;
		}
	}
}
