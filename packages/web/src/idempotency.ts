/** A key that no other message has. `randomUUID` exists only on loopback and over TLS, random bytes everywhere. */
export function freshKey(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	return `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
