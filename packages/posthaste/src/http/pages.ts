/** The web application's built pages. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { App, HttpOptions } from "./app.ts";

/** Nothing of other sites, and no other site around ours: a page there could make people click here. */
const pagePolicy = [
	"default-src 'self'",
	"style-src 'self' 'unsafe-inline'",
	"img-src 'self' data:",
	"font-src 'self' data:",
	"frame-ancestors 'none'",
	"base-uri 'none'",
].join("; ");

const year = 31_536_000;

/** The folder of the built pages, where they have been built. */
export function findPages({ webRoot, log }: HttpOptions): string | undefined {
	if (webRoot === undefined || existsSync(join(webRoot, "index.html"))) {
		return webRoot;
	}
	log.warn({ webRoot }, "the web application has not been built, so there are no pages");
	return undefined;
}

/** Serves the files of a folder; a page's own paths, such as `/messages/ID`, answer its `index.html`. */
export async function addPages(app: App, folder: string): Promise<void> {
	await app.register(fastifyStatic, {
		root: folder,
		wildcard: false,
		cacheControl: false,
		setHeaders(reply, path) {
			reply.header("x-content-type-options", "nosniff");
			if (path.endsWith(".html")) {
				reply.header("cache-control", "no-cache");
				reply.header("content-security-policy", pagePolicy);
			} else {
				// The builder puts a digest of the contents into the names below `assets`.
				const isNamedByContent = /[\\/]assets[\\/]/.test(path);
				reply.header("cache-control", isNamedByContent ? `public, max-age=${year}, immutable` : "no-cache");
			}
		},
	});
	app.setNotFoundHandler((_request, reply) => reply.sendFile("index.html"));
}

/** Whether a path that is no route belongs to the web application: what a browser may open, not a file. */
export function isPage(method: string, path: string): boolean {
	return (
		(method === "GET" || method === "HEAD") && !/^\/(v1|mechanisms|assets)(\/|$)/.test(path) && !/\.[^/]*$/.test(path)
	);
}
