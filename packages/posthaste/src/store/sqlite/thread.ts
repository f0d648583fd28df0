/** A worker thread as an object whose calls answer promises. */
import { Worker } from "node:worker_threads";
import { receiveError, type SentError, StoreError } from "./errors.ts";

/** `writer` commits transactions, `reader` reads lists. */
export type Role = "writer" | "reader";

export interface ThreadData {
	readonly role: Role;
	readonly path: string;
	readonly maxBytes?: number;
}

/** `call` names what is asked for; answers come in the order of the requests. */
export type Request = readonly [call: string, argument: unknown];
export type Response = readonly [ok: true, result: unknown] | readonly [ok: false, error: SentError];

interface Waiting {
	readonly resolve: (result: never) => void;
	readonly reject: (error: Error) => void;
}

export class StoreThread {
	readonly #worker: Worker;
	readonly #waiting: Waiting[] = [];
	#dead: StoreError | undefined;
	/** Answers that have come and wait for their turn. */
	readonly #come: Response[] = [];

	private constructor(data: ThreadData) {
		this.#worker = new Worker(new URL("./worker.ts", import.meta.url), {
			workerData: data,
			name: `posthaste store ${data.role}`,
		});
		this.#worker.on("message", (response: Response) => this.#take(response));
		this.#worker.on("error", (error) => this.#die(`The store's ${data.role} thread failed: ${error}`));
		this.#worker.on("exit", () => this.#die(`The store's ${data.role} thread has ended`));
	}

	/** Resolves when the thread has opened its connection. @throws StoreError when it cannot. */
	static async start(data: ThreadData): Promise<StoreThread> {
		const thread = new StoreThread(data);
		try {
			await thread.call("open", null);
		} catch (error) {
			await thread.#worker.terminate();
			throw error;
		}
		return thread;
	}

	call<T>(call: string, argument: unknown): Promise<T> {
		if (this.#dead !== undefined) {
			return Promise.reject(this.#dead);
		}
		return new Promise<T>((resolve, reject) => {
			this.#worker.postMessage([call, argument] satisfies Request);
			this.#waiting.push({ resolve, reject });
		});
	}

	/** Closes the connection; the thread then ends by itself. */
	async close(): Promise<void> {
		const gone = new Promise((resolve) => this.#worker.once("exit", resolve));
		await this.call("close", null);
		this.#worker.postMessage(["end", null] satisfies Request);
		await gone;
	}

	/**
	 * A port hands over everything that has come, and the next answer comes while one is still being worked
	 * off. So each gets a turn of the event loop: otherwise timers and sockets would starve under load.
	 */
	#take(response: Response): void {
		this.#come.push(response);
		if (this.#come.length === 1) {
			setImmediate(() => this.#next());
		}
	}

	#next(): void {
		const response = this.#come[0];
		if (response !== undefined) {
			this.#settle(response);
			this.#come.shift();
		}
		if (this.#come.length > 0) {
			setImmediate(() => this.#next());
		}
	}

	#settle([ok, content]: Response): void {
		const waiting = this.#waiting.shift();
		if (ok) {
			waiting?.resolve(content as never);
		} else {
			waiting?.reject(receiveError(content));
		}
	}

	#die(message: string): void {
		this.#dead ??= new StoreError("store-failed", message);
		for (const { reject } of this.#waiting.splice(0)) {
			reject(this.#dead);
		}
	}
}
