/** What cannot be fetched is said, and nothing of it is left. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { scratchFolder } from "@posthaste/real-servers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fetchPackage } from "./fetch.ts";

let scratch: Awaited<ReturnType<typeof scratchFolder>>;

beforeEach(async () => {
	scratch = await scratchFolder();
	vi.stubEnv("npm_config_offline", "true");
});

afterEach(async () => {
	vi.unstubAllEnvs();
	await scratch.remove();
});

const fetchInto = (spec: string) => fetchPackage({ spec, folder: join(scratch.path, "package"), where: scratch.path });

test.each(["", " ", "two words", "\u0000", "größer", "line@one two"])(
	"%j names no package, which is said at once",
	async (spec) => {
		await expect(fetchInto(spec)).rejects.toMatchObject({
			code: "plugin-not-fetched",
			message: expect.stringContaining(`"${spec}" names no package, folder or address`),
		});
		expect(await readdir(scratch.path)).toEqual([]);
	},
);

test.each(["./nowhere", "posthaste-mechanism-nowhere@1.0.0"])("%s is not there", async (spec) => {
	await expect(fetchInto(spec)).rejects.toMatchObject({
		code: "plugin-not-fetched",
		message: expect.stringContaining(`${spec} could not be fetched`),
	});
});
