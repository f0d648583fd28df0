/** All migrations in order. The schema's version is how many of them were applied; never change one that was released. */
import { first } from "./0001-first.ts";
import { pins } from "./0002-pins.ts";
import { pinsOfUnfinished } from "./0003-pins-of-unfinished.ts";

export const migrations: readonly string[] = [first, pins, pinsOfUnfinished];
