/** The embedded store: one SQLite file in a folder, one process. */
export type { SqliteOptions, StoreLog } from "./backend.ts";
export { type Backup, type BackupOptions, backupFolder, type Restored, restoreFolder } from "./backup.ts";
export { StoreError, type StoreErrorCode } from "./errors.ts";
export { openSqliteStore, type SqliteStore } from "./store.ts";
