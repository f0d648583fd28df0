/**
 * A program for the crash tests: writes messages as fast as it can into the folder given, says each
 * thing that was acknowledged on a line of standard output, and never ends by itself.
 */
import { argv, exit, stdin, stdout } from "node:process";
import { acceptOf, appendTo, messageAt, settling } from "../conformance/fixtures.ts";
import { openSqliteStore } from "./index.ts";

const folder = argv[2] as string;
const store = await openSqliteStore({ folder, thread: "worker" });
stdout.write("open\n");
// Should the test die first, its end of the pipe closes.
stdin.on("end", () => exit(1)).resume();

async function lane(): Promise<never> {
	for (;;) {
		const message = messageAt(Date.now());
		const delivery = `${message.id}.1`;
		await store.write({ accepts: [acceptOf(message)], appends: [] });
		stdout.write(`0 ${delivery}\n`);
		await store.write({ accepts: [], appends: [appendTo(delivery, 1)] });
		stdout.write(`1 ${delivery}\n`);
		await store.write({ accepts: [], appends: [settling(delivery, 2)] });
		stdout.write(`2 ${delivery}\n`);
	}
}
await Promise.all(Array.from({ length: 64 }, lane));
