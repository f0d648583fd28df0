/** Which users no mechanism can reach at this moment, and why. */
import { type Milliseconds, type PolicyEntry, routeEntry, type Snapshot, type User } from "@posthaste/core";
import type { Databases } from "../databases/databases.ts";
import type { Clock } from "../engine/clock.ts";
import type { Posthaste } from "../posthaste.ts";

/** A message that asks for nothing special: what the policies of an ordinary one would say. */
const ordinary = {
	id: "00000000-0000-7000-8000-000000000000",
	to: [],
	from: "posthaste",
	body: "",
	format: "text",
	priority: "normal",
	confidential: false,
	prompts: "ask",
	properties: {},
	acceptedAt: 0,
} as const;

export const findUnreachable = async (
	databases: Databases,
	clock: Clock,
	query: Parameters<Posthaste["unreachable"]>[0] = {},
): ReturnType<Posthaste["unreachable"]> => {
	const page = await databases.users.list(query);
	const now = clock.now();
	const items = page.items.flatMap((user) => {
		const entries = routed(user, databases.snapshot, now);
		return entries.some((entry) => entry.kept)
			? []
			: [
					{
						user: user.id,
						reasons: entries.map(({ mechanism, reason }) => ({ mechanism, reason: reason ?? "inactive" })),
					},
				];
	});
	return { items, ...(page.next !== undefined && { next: page.next }) };
};

function routed(user: User, snapshot: Snapshot, now: Milliseconds): readonly PolicyEntry[] {
	return user.mechanisms.map((entry) => routeEntry(entry, ordinary, user, { snapshot, now }));
}
