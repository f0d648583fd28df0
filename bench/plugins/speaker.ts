/**
 * The same two plugins as a command that speaks the protocol by itself, on standard input and output:
 * `node speaker.ts manager|mechanism ID`.
 */
import { createInterface } from "node:readline";

const [, , type = "", id = ""] = process.argv;

const closed = (properties: object) => ({ type: "object", properties, required: Object.keys(properties) });
const described =
	type === "manager"
		? { settings: closed({ mechanism: { type: "string" } }) }
		: { kind: "im", settings: closed({}), address: closed({ to: { type: "string" } }), capabilities: {} };

interface Next {
	readonly context: { readonly settings: { readonly mechanism: string } };
	readonly past: readonly unknown[];
}

const methods: Readonly<Record<string, (params: never) => object>> = {
	initialize: () => ({ type, id, apiVersion: 1, version: "1.0.0", title: "A command", ...described }),
	ping: () => ({}),
	judge: ({ settings }: { settings: { mechanism: string } }) => ({ allows: [settings.mechanism], complaints: [] }),
	next: ({ context, past }: Next) => {
		const mechanisms = [context.settings.mechanism];
		const effect = { effect: "attempt", mechanisms, mode: "serial", until: "accepted", within: 60_000 };
		return { effect: past.length === 0 ? effect : null };
	},
	create: () => ({ methods: [] }),
	send: () => ({ outcome: "accepted", evidence: "250 ok" }),
	close: () => ({}),
};

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
	const { id: call, method, params } = JSON.parse(line);
	if (call !== undefined) {
		const result = methods[method]?.(params as never) ?? {};
		process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id: call, result })}\n`);
	}
});
lines.on("close", () => process.exit());
