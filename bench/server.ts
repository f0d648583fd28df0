/** The server that the HTTP measurements load: the whole API over a mechanism that accepts at once. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { benchConfiguration, instant } from "../packages/posthaste/src/bench/world.ts";
import { createPosthaste } from "../packages/posthaste/src/create-posthaste.ts";
import { createHttpServer, listen } from "../packages/posthaste/src/http/server.ts";
import { createLog } from "../packages/posthaste/src/log.ts";

const data = process.argv[2] ?? "./posthaste-data";
const posthaste = await createPosthaste({ data, plugins: [instant], configuration: benchConfiguration });
const app = await createHttpServer({
	posthaste,
	log: await createLog("error"),
	writeDelay: () => posthaste.gauges.writeDelay,
});
process.stdout.write(`${await listen(app, "127.0.0.1:0")}\n`);
process.once("SIGTERM", async () => {
	await app.close();
	await posthaste.close();
	// A channel that is open keeps the process.
	if (process.connected) {
		process.disconnect();
	}
});

/** Whoever started this process may ask how it stands; each question begins a new measurement of the event loop. */
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
process.on("message", async () => {
	const { p50, p99, max } = { p50: delay.percentile(50), p99: delay.percentile(99), max: delay.max };
	delay.reset();
	process.send?.({
		deliveries: await posthaste.gauges.countDeliveries(),
		delay: [p50, p99, max].map((ns) => ns / 1e6),
	});
});
