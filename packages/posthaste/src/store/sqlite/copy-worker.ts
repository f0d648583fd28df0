/** The thread that makes one backup. */
import { dirname } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { CopyRequest, CopyResponse } from "./backup.ts";
import { copyDatabase } from "./copy.ts";
import { sendError } from "./errors.ts";

const { source, file } = workerData as CopyRequest;

const answer: CopyResponse = await copyDatabase(source, file).then(
	(copied) => ({ copied }),
	(error: unknown) => ({ error: sendError(error, dirname(file)) }),
);
parentPort?.postMessage(answer);
