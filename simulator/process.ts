/**
 * One life of the program. It can be ended between any two things that it does with the outside, or
 * some turns of the microtask queue later; from then on nothing of it reaches the world any more.
 */
export class SimulatedProcess {
	#alive = true;
	#fuse: { left: number; readonly turns: number } | undefined;
	readonly #died: () => void;

	constructor(died: () => void) {
		this.#died = died;
	}

	get alive(): boolean {
		return this.#alive;
	}

	/** Dies with the `after`-th thing it does from now on, and `turns` microtasks. */
	kill(after: number, turns: number): void {
		this.#fuse = { left: after, turns };
		this.touch();
	}

	/** The process does something with the outside. Answers whether it is alive still. */
	touch(): boolean {
		const fuse = this.#fuse;
		if (fuse !== undefined) {
			fuse.left -= 1;
			if (fuse.left < 0) {
				this.#fuse = undefined;
				this.#burn(fuse.turns);
			}
		}
		return this.#alive;
	}

	#burn(turns: number): void {
		if (turns > 0) {
			queueMicrotask(() => this.#burn(turns - 1));
		} else if (this.#alive) {
			this.#alive = false;
			this.#died();
		}
	}

	/** What a dead process waits for never comes. */
	onlyWhileAlive<T>(promise: Promise<T>): Promise<T> {
		return new Promise((resolve, reject) => {
			promise.then(
				(value) => this.#alive && resolve(value),
				(error: unknown) => this.#alive && reject(error),
			);
		});
	}
}

/** The answer that nobody is left to hear. */
export function never<T>(): Promise<T> {
	return new Promise(() => undefined);
}
