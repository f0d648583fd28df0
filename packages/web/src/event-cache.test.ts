import type { EventDocument, JournalDocument, MessageDocument } from "@posthaste/core";
import { QueryClient } from "@tanstack/react-query";
import { beforeEach, describe, expect, test } from "vitest";
import { type MessagePages, takeIn } from "./event-cache.ts";
import { keys } from "./hooks/keys.ts";

const at = "2030-01-31T14:03:00.000Z";
const began: JournalDocument = { sequence: 1, at, type: "began" };
const noted: JournalDocument = { sequence: 2, at, type: "note", text: "on the way" };
const settled: JournalDocument = { sequence: 3, at, type: "settled", state: "reached", reason: "receipt" };

const message: MessageDocument = {
	id: "m",
	to: ["jsmith"],
	from: "ops",
	body: "Hello",
	format: "text",
	properties: {},
	acceptedAt: at,
	deliveries: [{ id: "m.1", message: "m", recipient: "jsmith", state: "routing", due: null, journal: [began] }],
};

function event(...entries: readonly JournalDocument[]): EventDocument {
	return { message: "m", delivery: "m.1", state: "waiting", entries };
}

describe("an event, for what the page keeps", () => {
	let client: QueryClient;
	let again: string[];
	const take = (one: EventDocument) => takeIn(client, one, (key) => again.push(key.join("/")));

	beforeEach(() => {
		client = new QueryClient();
		again = [];
		const pages: MessagePages = { pages: [{ items: [message] }], pageParams: [undefined] };
		client.setQueryData(keys.messages, pages);
		client.setQueryData(keys.message("m"), message);
		return () => client.clear();
	});

	test("changes the list and the opened message, and asks for nothing", () => {
		take(event(noted));
		const listed = client.getQueryData<MessagePages>(keys.messages)?.pages[0]?.items[0];
		const opened = client.getQueryData<MessageDocument>(keys.message("m"));
		expect(listed?.deliveries[0]?.state).toBe("waiting");
		expect(opened?.deliveries[0]?.journal).toEqual([began, noted]);
		expect(again).toEqual([]);
	});

	test("of a message that is not listed asks for the list", () => {
		take({ ...event(noted), message: "other", delivery: "other.1" });
		expect(again).toEqual(["messages"]);
	});

	test("after one that was missed asks for the opened message", () => {
		take(event(settled));
		expect(again).toContain("message/m");
	});

	test("that may open or close a question asks for the questions", () => {
		take(event(noted, settled));
		expect(again).toEqual(["prompts"]);
	});

	describe("and for the held deliveries", () => {
		const lacking: JournalDocument = { sequence: 2, at, type: "held", reason: "unknown-held", detail: "pager" };
		const resolved: JournalDocument = { sequence: 2, at, type: "resolved", resolution: "resend" };
		const holds = { ...event(lacking), state: "held" } as const;
		const keepHeld = (...items: readonly MessageDocument[]) =>
			client.setQueryData<MessagePages>(keys.held, { pages: [{ items }], pageParams: [undefined] });

		test("that holds a delivery asks for them", () => {
			keepHeld();
			take(holds);
			expect(again).toEqual(["held"]);
		});

		test("that lets one go tells so at once, and asks for the rest of them", () => {
			const deliveries = message.deliveries.map((one) => ({ ...one, state: "held" }) as const);
			keepHeld({ ...message, deliveries });
			take(event(resolved));
			expect(client.getQueryData<MessagePages>(keys.held)?.pages[0]?.items[0]?.deliveries[0]?.state).toBe("waiting");
			expect(again).toEqual(["held"]);
		});

		test("that has nothing to do with them does not ask, however often it comes", () => {
			keepHeld();
			take(event(noted));
			expect(again).toEqual([]);
		});

		test("that lets one go while they are under way asks again, for that answer would bring it back", async () => {
			let arrive: (answer: MessagePages) => void = () => undefined;
			const fetching = client.fetchQuery({
				queryKey: keys.held,
				queryFn: () =>
					new Promise<MessagePages>((resolve) => {
						arrive = resolve;
					}),
			});
			take(event(noted));
			expect(again).toEqual([]);
			take(event({ ...resolved, sequence: 3 }));
			expect(again).toEqual(["held"]);
			arrive({ pages: [], pageParams: [] });
			await fetching;
		});
	});

	test("that comes while an older answer is under way asks again, for that answer would undo it", async () => {
		let arrive: (answer: MessageDocument) => void = () => undefined;
		const fetching = client.fetchQuery({
			queryKey: keys.message("m"),
			queryFn: () =>
				new Promise<MessageDocument>((resolve) => {
					arrive = resolve;
				}),
		});
		take(event(noted));
		expect(again).toEqual(["message/m"]);
		arrive(message);
		await fetching;
	});
});
