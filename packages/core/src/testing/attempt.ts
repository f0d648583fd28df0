/** Attempts to test mechanisms with. */
import type { Attempt } from "../mechanism.ts";
import type { Message } from "../model.ts";

/** A message that says what every other test message says, but for `changes`. */
export function testMessage(changes: Partial<Message> = {}): Message {
	return {
		id: "01890a5d-ac96-774b-bcce-b302099a8057",
		to: ["jsmith"],
		from: "operations",
		body: "The pump in hall 3 has stopped.",
		format: "text",
		priority: "normal",
		confidential: false,
		prompts: "ask",
		properties: {},
		acceptedAt: Date.UTC(2026, 0, 15, 12),
		...changes,
	};
}

/** The first try of an attempt to reach John Smith at an address; its deadline is 30 s after `now`. */
export function testAttempt<Address>(
	address: Address,
	changes: Partial<Omit<Attempt<Address>, "message" | "address">> & { message?: Partial<Message>; now?: number } = {},
): Attempt<Address> {
	const { message, now, ...rest } = changes;
	return {
		id: "01890a5d-ac97-7d05-8ef5-9a2a7f5b0c11",
		try: 1,
		delivery: "01890a5d-ac96-7000-9d3b-000000000001",
		message: testMessage(message),
		recipient: { id: "jsmith", name: "John Smith" },
		address,
		deadline: (now ?? Date.UTC(2026, 0, 15, 12)) + 30_000,
		...rest,
	};
}
