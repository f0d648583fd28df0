/** The embedded store: one SQLite file in a folder, one process. */
export type { SqliteOptions } from "./backend.ts";
export { StoreError, type StoreErrorCode } from "./errors.ts";
export { openSqliteStore, type SqliteStore } from "./store.ts";
