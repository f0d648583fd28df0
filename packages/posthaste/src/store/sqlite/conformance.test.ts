/** The store's contract, kept on the caller's thread and on threads of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenedStore, storeConformance } from "../conformance.ts";
import { openSqliteStore } from "./index.ts";

async function open(thread: "worker" | "inline"): Promise<OpenedStore> {
	const folder = await mkdtemp(join(tmpdir(), "posthaste-store-"));
	let store = await openSqliteStore({ folder, thread });
	return {
		store,
		reopen: async () => {
			await store.close();
			store = await openSqliteStore({ folder, thread });
			return store;
		},
		remove: async () => {
			await store.close();
			await rm(folder, { recursive: true, force: true });
		},
	};
}

storeConformance("SQLite, inline", () => open("inline"));
storeConformance("SQLite, in a worker", () => open("worker"), 5);
