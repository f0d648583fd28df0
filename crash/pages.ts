/**
 * Where pages go: HylaFAX's real SNPP server, whose queue says what it took; where it cannot be
 * started, the demo's pager terminal, in this process.
 */
import { available } from "@posthaste/real-servers";
import { startPagerTerminal } from "../packages/posthaste/src/demo/pager-terminal.ts";
import { mayStartHylaFax, startHylaFax } from "../plugins/mechanism-snpp/test/real-servers.ts";
import { type Arrival, type Receiver, tokenIn, until } from "./arrivals.ts";
import { people } from "./people.ts";

const pagers = people.filter(({ ways }) => ways.includes("pager")).map(({ pager }) => pager);

export const mayPageThroughHylaFax = (): boolean => available("HylaFAX") && mayStartHylaFax;

export function startPages(): Promise<Receiver> {
	return mayPageThroughHylaFax() ? throughHylaFax() : throughTerminal();
}

async function throughHylaFax(): Promise<Receiver> {
	const server = await startHylaFax(pagers);
	const seen = new Set<string>();
	return {
		name: "HylaFAX",
		url: server.url,
		async take() {
			await until("HylaFAX serves no connection", 60_000, async () => (await server.sessions()) === 0);
			const fresh = (await server.jobs()).filter(({ job }) => !seen.has(job));
			return fresh.map(({ job, pin, text, at, isDone }): Arrival => {
				seen.add(job);
				return { way: "pager", id: job, address: pin, token: tokenIn(text), text, at, gaveUp: isDone };
			});
		},
		stop: () => server.stop(),
	};
}

async function throughTerminal(): Promise<Receiver> {
	let arrived: Arrival[] = [];
	const terminal = await startPagerTerminal({
		pagers,
		twoWay: false,
		onPage: ({ id, pager, text, receivedAt }) =>
			arrived.push({ way: "pager", id, address: pager, token: tokenIn(text), text, at: receivedAt }),
	});
	return {
		name: "the demo's pager terminal (HylaFAX is missing, or this is not root)",
		url: terminal.url,
		async take() {
			const taken = arrived;
			arrived = [];
			return taken;
		},
		stop: () => terminal.close(),
	};
}
