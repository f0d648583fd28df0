/** Writes docs/reference/openapi.json. A test compares the file with what this would write. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openapiDocument } from "../packages/posthaste/src/http/openapi-document.ts";

const file = fileURLToPath(new URL("../docs/reference/openapi.json", import.meta.url));
const biome = fileURLToPath(new URL("../node_modules/.bin/biome", import.meta.url));

writeFileSync(file, JSON.stringify(await openapiDocument()));
execFileSync(biome, ["format", "--write", file], { stdio: "inherit" });
