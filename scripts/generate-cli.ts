/** Writes docs/reference/cli.md from the command's own definition. */
import { mkdirSync, writeFileSync } from "node:fs";
import { createProgram } from "../packages/posthaste/src/cli/program.ts";
import { referencePage } from "../packages/posthaste/src/cli/reference.ts";

const page = new URL("../docs/reference/cli.md", import.meta.url);
mkdirSync(new URL(".", page), { recursive: true });
writeFileSync(page, referencePage(createProgram()));
