/**
 * Asks a command and waits for the answer without letting go of the thread, so that a manager written
 * in another language can be driven by tests that drive generators.
 */
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";

export interface Asker {
	ask(method: string, params: object): unknown;
	close(): Promise<void>;
}

const patience = 10_000;

export function askSynchronously(command: readonly string[], folder: string): Asker {
	const { port1, port2 } = new MessageChannel();
	const answered = new Int32Array(new SharedArrayBuffer(4));
	const worker = new Worker(new URL("./talk.ts", import.meta.url), {
		workerData: { command, folder, port: port2, answered },
		transferList: [port2],
	});
	return {
		ask(method, params) {
			Atomics.store(answered, 0, 0);
			port1.postMessage({ method, params });
			if (Atomics.wait(answered, 0, 0, patience) === "timed-out") {
				throw new Error(`${method} was not answered within ${patience} ms`);
			}
			const { error, result } = receiveMessageOnPort(port1)?.message ?? {};
			if (error !== undefined) {
				throw new Error(error.message);
			}
			return result;
		},
		async close() {
			port1.close();
			await worker.terminate();
		},
	};
}
