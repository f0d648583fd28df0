/** The server that the HTTP measurements load: the whole API over a mechanism that accepts at once. */

import { benchConfiguration, instant } from "../packages/posthaste/src/bench/world.ts";
import { createPosthaste } from "../packages/posthaste/src/create-posthaste.ts";
import { createHttpServer, listen } from "../packages/posthaste/src/http/server.ts";
import { createLog } from "../packages/posthaste/src/log.ts";

const data = process.argv[2] ?? "./posthaste-data";
const posthaste = await createPosthaste({ data, plugins: [instant], configuration: benchConfiguration });
const app = await createHttpServer({ posthaste, log: await createLog("error") });
process.stdout.write(`${await listen(app, "127.0.0.1:0")}\n`);
process.once("SIGTERM", async () => {
	await app.close();
	await posthaste.close();
});
