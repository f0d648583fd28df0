import type { EventDocument, JournalDocument, MessageDocument } from "@posthaste/core";
import { describe, expect, test } from "vitest";
import { applyEvent, touchesPrompts } from "./merge.ts";

const at = "2030-01-31T14:03:00.000Z";
const began: JournalDocument = { sequence: 1, at, type: "began" };
const policies: JournalDocument = {
	sequence: 2,
	at,
	type: "policies",
	manager: { name: "standard", plugin: "sequence", version: "1.0.0", reason: "rule" },
	configuration: { name: "normal", revision: 3, unknown: "resend", settings: {} },
	recipient: { id: "jsmith", name: "John Smith", timezone: "UTC" },
	routingPolicy: [{ mechanism: "im2", kept: true }],
	deliveryPolicy: [{ mechanism: "im2", kept: true }],
};
const settled: JournalDocument = { sequence: 3, at, type: "settled", state: "reached", reason: "receipt" };

function message(journal: readonly JournalDocument[]): MessageDocument {
	const delivery = { id: "m.1", message: "m", recipient: "jsmith", state: "routing", due: null, journal } as const;
	const other = { ...delivery, id: "m.2", recipient: "mary" };
	return {
		id: "m",
		to: ["jsmith", "mary"],
		from: "ops",
		body: "Hello",
		format: "text",
		properties: {},
		acceptedAt: at,
		deliveries: [delivery, other],
	};
}

function event(state: EventDocument["state"], ...entries: readonly JournalDocument[]): EventDocument {
	return { message: "m", delivery: "m.1", state, entries };
}

describe("an event", () => {
	test("adds its entries and its state to its delivery alone", () => {
		const { message: merged, complete } = applyEvent(message([began]), event("waiting", policies));
		expect(complete).toBe(true);
		expect(merged.deliveries[0]).toMatchObject({ state: "waiting", journal: [began, policies] });
		expect(merged.deliveries[1]).toEqual(message([began]).deliveries[1]);
	});

	test("brings the policies where they are shown", () => {
		const [delivery] = applyEvent(message([began]), event("waiting", policies)).message.deliveries;
		expect(delivery?.manager?.name).toBe("standard");
		expect(delivery?.deliveryPolicy).toEqual([{ mechanism: "im2", kept: true }]);
		expect(delivery?.recipient).toBe("jsmith");
	});

	test("that was heard before changes nothing", () => {
		const before = message([began, policies, settled]);
		expect(applyEvent(before, event("waiting", policies))).toEqual({ message: before, complete: true });
	});

	test("of which a part was heard before adds the rest", () => {
		const { message: merged } = applyEvent(message([began, policies]), event("reached", policies, settled));
		expect(merged.deliveries[0]).toMatchObject({ state: "reached", settledAt: at });
		expect(merged.deliveries[0]?.journal.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
	});

	test("after one that was missed tells its state, keeps the journal whole, and says that it is not complete", () => {
		const { message: merged, complete } = applyEvent(message([began]), event("reached", settled));
		expect(complete).toBe(false);
		expect(merged.deliveries[0]).toMatchObject({ state: "reached", journal: [began] });
	});

	test("of a delivery that is not known is not complete", () => {
		expect(applyEvent(message([]), { ...event("waiting", began), delivery: "m.9" }).complete).toBe(false);
	});

	test("drops a reason that no longer holds", () => {
		const held = message([began]);
		const deliveries = held.deliveries.map((one) => ({ ...one, reason: "unknown-held" as const }));
		const [delivery] = applyEvent({ ...held, deliveries }, event("routing", policies)).message.deliveries;
		expect(delivery).not.toHaveProperty("reason");
	});

	test("touches the questions when it opens, closes or ends one", () => {
		expect(touchesPrompts(event("routing", began, policies))).toBe(false);
		expect(touchesPrompts(event("reached", settled))).toBe(true);
		expect(touchesPrompts(event("waiting", { sequence: 3, at, type: "prompt-withdrawn", prompt: "p" }))).toBe(true);
	});
});
