/** Identifiers as text (outside) and as 16 bytes (in the database, where they stand in every index). */

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
	return uuid.test(text);
}

const digitValues = new Uint8Array(128).fill(255);
for (let value = 0; value < 16; value += 1) {
	digitValues[value.toString(16).charCodeAt(0)] = value;
}
const dashes: ReadonlySet<number> = new Set([8, 13, 18, 23]);
/** Where in the text the 16 pairs of digits stand. */
const pairs = Uint8Array.from(
	[...Array(36).keys()].filter((at) => !dashes.has(at)).filter((_, index) => index % 2 === 0),
);

/** Writes the UUID's bytes into `into`, so that a hot path allocates nothing. The text must be a lower-case UUID. */
export function writeUuid(text: string, into: Buffer): Buffer {
	for (let index = 0; index < 16; index += 1) {
		const at = pairs[index] as number;
		const high = digitValues[text.charCodeAt(at)] as number;
		const low = digitValues[text.charCodeAt(at + 1)] as number;
		into[index] = (high << 4) | low;
	}
	return into;
}

export function bytesOf(text: string): Buffer {
	return writeUuid(text, Buffer.allocUnsafe(16));
}

export function textOf(bytes: Buffer): string {
	const hex = bytes.toString("hex");
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The smallest UUIDv7 of a moment: RFC 9562 §5.7 begins with 48 bits of milliseconds. */
export function floorUuid(moment: number): string {
	const hex = Math.min(Math.max(0, Math.ceil(moment)), 0xffffffffffff)
		.toString(16)
		.padStart(12, "0");
	return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/**
 * In the database a delivery's number is its message's times this plus n. Arithmetic, since bits
 * beyond the 32nd are out of reach of JavaScript's operators; sums stay exact up to 2^53.
 */
export const deliveriesPerMessage = 65_536;

/** Messages that share a span of the indexes on senders and recipients: `m >> 13` in the schema. */
export const messagesPerSpan = 8_192;

export interface DeliveryKey {
	readonly message: string;
	readonly n: number;
}

const count = /^[1-9]\d{0,4}$/;

/** Takes `MESSAGE.N` apart; undefined when it is no such identifier. */
export function deliveryKey(id: string): DeliveryKey | undefined {
	const message = id.slice(0, 36);
	const digits = id.slice(37);
	const n = Number(digits);
	const fits = id[36] === "." && count.test(digits) && n < deliveriesPerMessage && isUuid(message);
	return fits ? { message, n } : undefined;
}

export function deliveryId(message: string, n: number): string {
	return `${message}.${n}`;
}
