/**
 * There is no sign-in yet, so only this machine may talk to Posthaste, and of this machine's
 * browsers only pages that came from it.
 *
 * Listening on loopback keeps other machines out. It does not keep out a page of some other site in a
 * browser here, which can post across sites, or point a name of its own at 127.0.0.1 and then read
 * the answers as well (DNS rebinding). Such requests give themselves away: the first by `Origin`, the
 * second by `Host`.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { PosthasteError } from "@posthaste/core";
import type { FastifyInstance, FastifyRequest } from "fastify";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether an IP address can be reached from this machine alone. */
export function isLoopbackAddress(address: string): boolean {
	const family = isIP(address);
	return family !== 0 && loopback.check(address, family === 6 ? "ipv6" : "ipv4");
}

/** Whether a host, as URLs write it, names this machine: `localhost` and below (RFC 6761 §6.3), or an address. */
function isLoopbackHost(host: string): boolean {
	const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
	return bare === "localhost" || bare.endsWith(".localhost") || isLoopbackAddress(bare);
}

/** `host`, `host:port`, `[::1]:port`. */
const authority = /^(\[[0-9A-Fa-f:.]+\]|[^:/?#@\s]+)(?::\d{1,5})?$/;

function isLoopbackAuthority(text: string): boolean {
	const host = authority.exec(text)?.[1];
	return host !== undefined && isLoopbackHost(host);
}

/** Refuses requests whose `Host` or `Origin` names anything but this machine, with `not-loopback`. */
export function guardLoopback(app: FastifyInstance): void {
	const isAllowed = remember(isLoopbackAuthority);
	app.addHook("onRequest", (request, _reply, done) => {
		const { host, origin } = request.headers;
		// Only programs leave `Host` out (HTTP/1.0); the attacks need a browser.
		if (host !== undefined && !isAllowed(host)) {
			const detail = `The request is for the host ${quote(host)}, which is not this machine`;
			done(new PosthasteError("not-loopback", detail));
		} else if (origin !== undefined && !isAllowed(origin.replace(/^https?:\/\//, "")) && !isSameOrigin(request)) {
			done(new PosthasteError("not-loopback", `The request comes from a page of ${quote(origin)}`));
		} else {
			done();
		}
	});
}

/**
 * Behind a proxy that signs people in, `Origin` is the proxy's public name and `Host` the one it was
 * set to. Only the browser can write this header, so that another site's page cannot claim it.
 */
function isSameOrigin(request: FastifyRequest): boolean {
	return request.headers["sec-fetch-site"] === "same-origin";
}

function quote(text: string): string {
	return JSON.stringify(text.slice(0, 200));
}

const memory = 100;

/** Nearly every request has the same few headers, so the last answers are kept. */
function remember(ask: (text: string) => boolean): (text: string) => boolean {
	const known = new Map<string, boolean>();
	return (text) => {
		let answer = known.get(text);
		if (answer === undefined) {
			answer = ask(text);
			if (known.size >= memory) {
				known.clear();
			}
			known.set(text, answer);
		}
		return answer;
	};
}

/**
 * The loopback address to listen on for `127.0.0.1:7678`, `[::1]:7678`, `localhost:7678` or a port alone.
 * @throws PosthasteError `not-loopback`, also when one of a name's addresses is not; `invalid-request`
 */
export async function resolveListen(listen: string): Promise<{ readonly host: string; readonly port: number }> {
	const parts = /^(?:(?:\[([^\]]*)\]|([^:]*)):)?(\d{1,5})$/.exec(listen);
	const port = Number(parts?.[3]);
	if (parts === null || port > 65_535) {
		throw new PosthasteError(
			"invalid-request",
			`${quote(listen)} is not an address to listen on, such as 127.0.0.1:7678`,
		);
	}
	const addresses = await addressesOf(parts[1] ?? parts[2] ?? "127.0.0.1");
	const other = addresses.find((address) => !isLoopbackAddress(address));
	const [host] = addresses;
	if (host === undefined || other !== undefined) {
		throw new PosthasteError("not-loopback", `${quote(listen)} is ${other ?? "no address"}, which is not loopback`);
	}
	return { host, port };
}

/** IPv4 first, since a machine may lack the other. An empty host means every address there is. */
async function addressesOf(host: string): Promise<readonly string[]> {
	if (host === "" || host === "*") {
		return ["every address"];
	}
	if (isIP(host) !== 0) {
		return [host];
	}
	const found = await lookup(host, { all: true, order: "ipv4first" }).catch(() => []);
	return found.map(({ address }) => address);
}

/** Connections that wait to be taken. The usual 511 are soon full when many come at once, and who is dropped tries again after seconds. */
const backlog = 4096;

/**
 * Starts listening and answers the server's URL. Port 0 picks a free one.
 * @throws PosthasteError `not-loopback`, `invalid-request`, `cannot-listen`
 */
export async function listen(app: FastifyInstance, address: string): Promise<string> {
	const place = await resolveListen(address);
	try {
		return await app.listen({ ...place, backlog });
	} catch (error) {
		const { code, syscall, message } = error as NodeJS.ErrnoException;
		if (syscall !== "listen" && syscall !== "bind") {
			throw error;
		}
		const why = reasons[code ?? ""] ?? message;
		throw new PosthasteError("cannot-listen", `Posthaste cannot listen on ${quote(address)}: ${why}`);
	}
}

/** What the system means by its codes, as far as people meet them. */
const reasons: Readonly<Record<string, string>> = {
	EADDRINUSE: "something listens there already",
	EACCES: "this user may not",
	EADDRNOTAVAIL: "this machine has no such address",
};
