/** The OpenAPI document by itself, for the reference and for whoever needs it without a running server. */
import { pino } from "pino";
import type { Posthaste } from "../posthaste.ts";
import { createHttpServer } from "./server.ts";

/** The document as `/openapi.json` answers it. No route is ever asked, so that nothing has to stand behind them. */
export async function openapiDocument(): Promise<object> {
	const app = await createHttpServer({
		posthaste: {} as Posthaste,
		log: pino({ enabled: false }),
		parseYaml: () => ({}),
	});
	try {
		return app.swagger();
	} finally {
		await app.close();
	}
}
