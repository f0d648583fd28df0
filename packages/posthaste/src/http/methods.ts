/** Tells a path that does not exist (404) from a method that it does not take (405, with `Allow`). */
import { PosthasteError } from "@posthaste/core";
import type { FastifyInstance } from "fastify";

interface KnownPath {
	readonly pattern: RegExp;
	readonly methods: Set<string>;
}

/**
 * Remembers every route that is added from now on, and throws for requests that met none of them.
 * @param isPage a path that is no route and still to be answered: the web application's.
 */
export function refuseUnrouted(app: FastifyInstance, isPage: (method: string, path: string) => boolean): void {
	const paths = new Map<string, KnownPath>();
	app.addHook("onRoute", ({ url, method }) => {
		const known = paths.get(url) ?? { pattern: patternOf(url), methods: new Set() };
		paths.set(url, known);
		for (const each of [method].flat()) {
			known.methods.add(each);
		}
	});
	app.addHook("onRequest", (request, reply, done) => {
		if (!request.is404) {
			done();
			return;
		}
		const [path = ""] = request.url.split("?", 1);
		const methods = [...paths.values()]
			.filter(({ pattern }) => pattern.test(path))
			.flatMap((each) => [...each.methods]);
		if (methods.length > 0) {
			const allow = [...new Set(methods)].sort().join(", ");
			reply.header("allow", allow);
			done(new PosthasteError("method-not-allowed", `${path} takes ${allow}, not ${request.method}`));
		} else {
			done(isPage(request.method, path) ? undefined : new PosthasteError("not-found", `There is no ${path}`));
		}
	});
}

/** `/v1/users/:name` as an expression that matches such paths. */
function patternOf(url: string): RegExp {
	const source = url
		.split("/")
		.map((segment) =>
			segment === "*" ? ".*" : segment.startsWith(":") ? "[^/]+" : segment.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"),
		)
		.join("/");
	return new RegExp(`^${source}$`);
}
