/** Reads what the program says about messages, and decides about held deliveries. */
import { setTimeout as delay } from "node:timers/promises";
import type { MessageDocument, PageDocument } from "@posthaste/core";
import type { Random } from "../simulator/random.ts";

async function page(url: string, query: string): Promise<PageDocument<MessageDocument>> {
	const response = await fetch(new URL(`/v1/messages?${query}`, url), { signal: AbortSignal.timeout(60_000) });
	if (!response.ok) {
		throw new Error(`GET /v1/messages?${query} was answered with ${response.status}: ${await response.text()}`);
	}
	return (await response.json()) as PageDocument<MessageDocument>;
}

/** All messages, the newest first, a page at a time. */
export async function* pages(url: string): AsyncGenerator<readonly MessageDocument[]> {
	let next: string | undefined;
	do {
		const cursor = next === undefined ? "" : `&cursor=${encodeURIComponent(next)}`;
		const got = await page(url, `limit=500${cursor}`);
		yield got.items;
		next = got.next;
	} while (next !== undefined);
}

async function inState(url: string, state: string, limit: number): Promise<readonly MessageDocument[]> {
	return (await page(url, `state=${state}&limit=${limit}`)).items;
}

/** Decides about every held delivery, as a person would. Another answer than 200 means that it went on meanwhile. */
async function decideAboutHeld(url: string, random: Random): Promise<void> {
	for (const { deliveries } of await inState(url, "held", 200)) {
		for (const { id } of deliveries.filter(({ state }) => state === "held")) {
			const resolution = random.pick(["resend", "next", "end"]);
			const response = await fetch(new URL(`/v1/deliveries/${id}/resolve`, url), {
				method: "POST",
				body: JSON.stringify({ resolution }),
				headers: { "content-type": "application/json" },
			});
			await response.arrayBuffer();
		}
	}
}

/** Messages with a delivery that has not ended; decides about held ones until there is none, or the time is over. */
export async function untilAllEnded(
	url: string,
	random: Random,
	within: number,
	signal: AbortSignal,
): Promise<readonly MessageDocument[]> {
	const end = performance.now() + within;
	for (;;) {
		await decideAboutHeld(url, random);
		const open = await Promise.all(["routing", "waiting", "held"].map((state) => inState(url, state, 3)));
		if (open.flat().length === 0 || performance.now() > end) {
			return open.flat();
		}
		await delay(100, undefined, { signal });
	}
}
