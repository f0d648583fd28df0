import type { DeliveryDocument, JournalDocument, MessageDocument } from "@posthaste/core";
import { describe, expect, test } from "vitest";
import { countOf, doubtOf, heldIn } from "./held.ts";

const at = "2030-01-31T14:03:00.000Z";

function delivery(id: string, change: Partial<DeliveryDocument> = {}): DeliveryDocument {
	return { id, message: "m", recipient: id, state: "held", due: null, reason: "unknown-held", journal: [], ...change };
}

function message(...deliveries: readonly DeliveryDocument[]): MessageDocument {
	const words = { from: "ops", body: "Hello", format: "text", properties: {}, acceptedAt: at } as const;
	return { id: "m", to: deliveries.map(({ recipient }) => recipient), ...words, deliveries };
}

describe("the held deliveries of a list", () => {
	test("are those of its deliveries that are held now, page after page", () => {
		const first = message(delivery("m.1"), delivery("m.2", { state: "reached" }), delivery("m.3"));
		const second = message(delivery("n.1"));
		const pages = [{ items: [first], next: "n" }, { items: [second] }];
		expect(heldIn(pages).map((held) => held.delivery.id)).toEqual(["m.1", "m.3", "n.1"]);
		expect(heldIn(undefined)).toEqual([]);
	});

	test("are counted, and said to be more where more pages follow", () => {
		expect(countOf(3, false)).toBe("3");
		expect(countOf(50, true)).toBe("50+");
	});
});

describe("what is in doubt about a held delivery", () => {
	const outcome = (mechanism: string, evidence?: string): JournalDocument => ({
		sequence: 3,
		at,
		type: "outcome",
		attempt: "a1",
		mechanism,
		try: 1,
		outcome: "unknown",
		...(evidence !== undefined && { evidence }),
	});

	test("is the mechanism's last unknown outcome, with its evidence where there is any", () => {
		const journal = [outcome("email", "no reply"), outcome("pager", "connection lost")];
		expect(doubtOf(delivery("m.1", { journal }))).toBe("pager: connection lost");
		expect(doubtOf(delivery("m.1", { journal: [outcome("pager")] }))).toBe("pager");
	});

	test("is what became of its manager when that is why it is held", () => {
		const held: JournalDocument = { sequence: 4, at, type: "held", reason: "no-such-manager", detail: "patient 1.0.0" };
		const journal = [outcome("pager", "connection lost"), held];
		expect(doubtOf(delivery("m.1", { reason: "no-such-manager", journal }))).toBe("patient 1.0.0");
	});

	test("may be nothing that the journal tells", () => {
		expect(doubtOf(delivery("m.1"))).toBeUndefined();
		expect(doubtOf(delivery("m.1", { reason: "manager-failed" }))).toBeUndefined();
	});
});
