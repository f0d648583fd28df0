/** All migrations in order. The schema's version is how many of them were applied; never change one that was released. */
import { first } from "./0001-first.ts";

export const migrations: readonly string[] = [first];
