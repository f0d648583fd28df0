/**
 * Has the program collect its garbage, as a debugger would ask it to, so that memory which is only waiting
 * to be collected is not taken for memory that is held. Chrome DevTools Protocol, `HeapProfiler.collectGarbage`.
 */
import { once } from "node:events";

/** @param inspector the address that Node says it listens on, `ws://127.0.0.1:…` */
export async function collectGarbage(inspector: string): Promise<void> {
	const socket = new WebSocket(inspector);
	await once(socket, "open");
	try {
		// What only weak references and finalizers hold goes at the second time.
		for (const id of [1, 2]) {
			const answered = once(socket, "message");
			socket.send(JSON.stringify({ id, method: "HeapProfiler.collectGarbage" }));
			await answered;
		}
	} finally {
		socket.close();
	}
}
