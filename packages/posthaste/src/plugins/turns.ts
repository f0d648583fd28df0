/** Turns of what is asked: several beside one another, or one alone. Who came first has their turn first. */

interface Waiting {
	readonly alone: boolean;
	begin(): void;
}

export class Turns {
	readonly #most: number;
	readonly #queue: Waiting[] = [];
	#taken = 0;
	#isAlone = false;

	/** @param most turns beside one another */
	constructor(most: number) {
		this.#most = most;
	}

	/** Does work in a turn; alone, nothing else is done meanwhile. */
	async take<Result>(alone: boolean, work: () => Promise<Result>): Promise<Result> {
		await new Promise<void>((begin) => {
			this.#queue.push({ alone, begin });
			this.#next();
		});
		try {
			return await work();
		} finally {
			this.#taken -= 1;
			this.#isAlone = false;
			this.#next();
		}
	}

	#next(): void {
		for (let first = this.#queue[0]; first !== undefined && this.#mayBegin(first); first = this.#queue[0]) {
			this.#queue.shift();
			this.#taken += 1;
			this.#isAlone = first.alone;
			first.begin();
		}
	}

	#mayBegin({ alone }: Waiting): boolean {
		return alone ? this.#taken === 0 : !this.#isAlone && this.#taken < this.#most;
	}
}
