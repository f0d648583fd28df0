/** Conditional requests (RFC 9110 §13) on records, whose ETag is their revision: `"3"`. */
import { PosthasteError } from "@posthaste/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { WriteOptions } from "../posthaste.ts";

interface Revised {
	readonly revision: number;
}

export function etagOf({ revision }: Revised): string {
	return `"${revision}"`;
}

/** Sends a record with its ETag, or 304 when the client has this revision already. */
export function sendRevised(request: FastifyRequest, reply: FastifyReply, record: Revised): FastifyReply {
	reply.header("etag", etagOf(record));
	const known = tagsOf(request.headers["if-none-match"], "If-None-Match");
	if (known !== undefined && (known === "*" || known.some(({ tag }) => tag === etagOf(record)))) {
		return reply.code(304).send();
	}
	return reply.send(record);
}

/**
 * What `If-Match` and `If-None-Match` ask of a write.
 * @param current the record as it is now, undefined when there is none.
 * @throws PosthasteError `revision-conflict`, `invalid-request`
 */
export function writeOptions(request: FastifyRequest, current: Revised | undefined): WriteOptions {
	const absent = tagsOf(request.headers["if-none-match"], "If-None-Match");
	const present = tagsOf(request.headers["if-match"], "If-Match");
	if (absent !== undefined && absent !== "*" && matches(absent, current)) {
		throw conflict(current);
	}
	if (present !== undefined && !(present === "*" ? current !== undefined : matches(present, current))) {
		throw conflict(current);
	}
	return {
		...(absent === "*" && { create: true }),
		// Another write may come between; the store looks at the revision once more.
		...(Array.isArray(present) && current !== undefined && { expected: current.revision }),
	};
}

function matches(tags: readonly EntityTag[], current: Revised | undefined): boolean {
	return current !== undefined && tags.some(({ weak, tag }) => !weak && tag === etagOf(current));
}

function conflict(current: Revised | undefined): PosthasteError {
	const now = current === undefined ? "it does not exist" : `its ETag is ${etagOf(current)}`;
	return new PosthasteError("revision-conflict", `The condition of the request does not hold: ${now}`);
}

interface EntityTag {
	readonly weak: boolean;
	/** With its quotes. */
	readonly tag: string;
}

const list = /^\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*\s*$/;
const one = /(W\/)?("[^"]*")/g;

function tagsOf(header: string | undefined, name: string): readonly EntityTag[] | "*" | undefined {
	if (header === undefined || header.trim() === "*") {
		return header === undefined ? undefined : "*";
	}
	if (!list.test(header)) {
		throw new PosthasteError("invalid-request", `${name} takes an ETag such as "3", in its quotes, or *`);
	}
	return [...header.matchAll(one)].map(([, weak, tag = ""]) => ({ weak: weak !== undefined, tag }));
}
