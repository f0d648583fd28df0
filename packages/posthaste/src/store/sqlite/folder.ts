/** The data folder. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { syncFolder } from "./copy.ts";
import { toStoreError } from "./errors.ts";

/**
 * A folder that was just made has to survive a power cut like what will stand in it.
 * @throws StoreError `disk-full`, `disk-failed`
 */
export function makeFolder(folder: string): void {
	try {
		if (mkdirSync(folder, { recursive: true }) !== undefined) {
			syncFolder(dirname(folder));
		}
	} catch (error) {
		throw toStoreError(error, folder);
	}
}
