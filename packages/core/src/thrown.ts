/** What to say of something that a plugin threw. */

/** Its words. Always a text: anything can be thrown, also what no text can be made of. */
export function thrownText(thrown: unknown): string {
	try {
		return String(thrown instanceof Error ? thrown.message : thrown);
	} catch {
		return "what was thrown has no words";
	}
}
