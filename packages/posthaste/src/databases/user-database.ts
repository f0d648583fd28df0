/**
 * The user database. Users are many and nothing refers to them, so their changes do not wait for each
 * other; each is guarded by the revision it was made from.
 */
import type { User } from "@posthaste/core";
import type { Database, UserDefinition } from "../posthaste.ts";
import { checkUser } from "./check.ts";
import { type Context, worldNow } from "./context.ts";
import { throwFindings } from "./finding.ts";
import { userRecord } from "./records.ts";
import { type Writing, writeRecord } from "./writing.ts";

export function userDatabase(context: Context): Database<User, UserDefinition> {
	const { state, store, lines } = context;
	// Before a write the store itself is asked: another process may have changed what the cache holds.
	const read = async (id: string) => {
		const [user] = await store.readUsers([id]);
		return user === undefined ? undefined : lines.correct("users", id, user);
	};
	const write = (id: string, rest: Pick<Writing<User>, "options" | "make">) =>
		writeRecord({ state, database: "users", key: id, read: () => read(id), ...rest });

	return {
		async get(id) {
			const user = (await state.users.load([id])).get(id);
			return user === undefined ? undefined : lines.correct("users", id, user);
		},
		async list(query = {}) {
			const page = await store.listUsers(query);
			return { ...page, items: page.items.map((user) => lines.correct("users", user.id, user)) };
		},
		async put(id, definition, options) {
			const make = () => {
				throwFindings(checkUser(id, definition, worldNow(context)));
				return userRecord(id, definition, { by: "api" });
			};
			return (await write(id, { options, make })) as User;
		},
		async delete(id, options) {
			let existed = false;
			const make = (current: User | undefined) => {
				existed = current !== undefined;
				return existed ? null : undefined;
			};
			await write(id, { options, make });
			return existed;
		},
	};
}
