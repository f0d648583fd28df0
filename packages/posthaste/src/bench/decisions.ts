/** Policy decisions: steps 2 to 5 of the flow, with nothing written and nothing sent. */
import { compose, plan } from "@posthaste/core";
import { createPosthaste } from "../create-posthaste.ts";
import { openSqliteStore } from "../store/sqlite/index.ts";
import { benchConfiguration, draft, instant } from "./world.ts";

/** Plans on one core, each of another message, with the reference configuration's two conditions. */
export async function measureDecisions(seconds: number): Promise<{ readonly decisionsPerSecond: number }> {
	const store = await openSqliteStore({ folder: ":memory:", thread: "inline" });
	const posthaste = await createPosthaste({ store, plugins: [instant], configuration: benchConfiguration });
	try {
		const user = await posthaste.users.get("user0");
		if (user === undefined) {
			throw new Error("the measured user is missing");
		}
		const now = Date.now();
		const messages = Array.from({ length: 1000 }, (_, index) => compose(draft(index), { id: `m${index}`, now }));
		const { snapshot } = posthaste;
		let count = 0;
		const start = performance.now();
		while (performance.now() - start < seconds * 1000) {
			for (const { message } of messages) {
				// A copy, since what conditions read of a message is made once for each.
				plan({ message: { ...message } }, user, { snapshot, now });
			}
			count += messages.length;
		}
		return { decisionsPerSecond: Math.round(count / ((performance.now() - start) / 1000)) };
	} finally {
		await posthaste.close();
	}
}
