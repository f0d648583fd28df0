/** What proves that a store can write. */
import type { WriteResult } from "./port.ts";

/**
 * Whether any of these was written. A transaction in which every append was fenced and every accept came to nothing new
 * is empty, and commits on a full disk as well.
 */
export function wroteAny({ accepts, appends }: WriteResult): boolean {
	return appends.includes("written") || accepts.some(({ result }) => result === "accepted");
}
