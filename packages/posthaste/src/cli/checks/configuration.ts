/** Whether a configuration file could be applied: the same reading and checks as the server's, here. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Failure, toFailure } from "../failure.ts";
import type { Finding } from "./checks.ts";

export async function* configurationFindings(file: string): AsyncGenerator<Finding> {
	try {
		await dryRun(file);
		yield { check: "configuration", level: "fine", what: `${file} is valid` };
	} catch (error) {
		yield* complaintsOf(file, toFailure(error));
	}
}

/** Applies the file to an empty Posthaste of its own, dry. */
async function dryRun(file: string): Promise<void> {
	const [{ createPosthaste }, { loadAndApply }] = await Promise.all([
		import("../../create-posthaste.ts"),
		import("../../config/index.ts"),
	]);
	const data = await mkdtemp(join(tmpdir(), "posthaste-doctor-"));
	try {
		const posthaste = await createPosthaste({ data });
		try {
			await loadAndApply(posthaste, file, { dryRun: true });
		} finally {
			await posthaste.close();
		}
	} finally {
		await rm(data, { recursive: true, force: true });
	}
}

function* complaintsOf(file: string, { complaints, message, remedy }: Failure): Generator<Finding> {
	const more = remedy === undefined ? {} : { remedy };
	if (complaints.length === 0) {
		yield { check: "configuration", level: "wrong", what: `${file}: ${message}`, ...more };
	}
	for (const { line, column, field, message: complaint } of complaints) {
		const place = [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(":");
		const what = `${place}: ${field === "" ? "" : `${field}: `}${complaint}`;
		yield {
			check: "configuration",
			level: "wrong",
			what,
			remedy: "Correct this line; a running server goes on as it is.",
		};
	}
}
