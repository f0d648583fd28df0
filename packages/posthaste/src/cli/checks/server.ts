/** Whether the server is there and ready. */
import type { Client } from "../client.ts";
import { toFailure } from "../failure.ts";
import type { Finding } from "./checks.ts";

export async function serverFinding(client: Client): Promise<Finding> {
	try {
		const { status, document } = await client.probe("/readyz");
		return readiness(client.server, status, document);
	} catch (error) {
		const { message, remedy } = toFailure(error);
		return { check: "server", level: "wrong", what: message, ...(remedy !== undefined && { remedy }) };
	}
}

function readiness(server: string, status: number, document: unknown): Finding {
	if (typeof document !== "object" || document === null || !("ready" in document)) {
		const what = `What answers at ${server} is not Posthaste (status ${status})`;
		return { check: "server", level: "wrong", what, remedy: "Name the server with --server or POSTHASTE_SERVER." };
	}
	if (document.ready === true) {
		return { check: "server", level: "fine", what: `The server at ${server} is ready` };
	}
	const reasons =
		"reasons" in document && Array.isArray(document.reasons) ? document.reasons.join("; ") : "no reason given";
	return {
		check: "server",
		level: "wrong",
		what: `The server at ${server} is not ready: ${reasons}`,
		remedy: "Its log says more.",
	};
}
