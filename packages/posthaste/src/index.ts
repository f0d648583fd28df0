/** Posthaste as a library. */
export * from "@posthaste/core";
export { createPosthaste, type PosthasteCore, type PosthasteOptions } from "./create-posthaste.ts";
export type * from "./posthaste.ts";
export type * from "./store/port.ts";
export { openSqliteStore } from "./store/sqlite/index.ts";
