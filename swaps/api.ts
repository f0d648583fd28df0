/** What the run asks of the program, over HTTP. */
import type { PluginType } from "./versions.ts";
import { pluginIds } from "./versions.ts";

/** A plugin as the API shows it. */
export interface PluginDocument {
	readonly installed: {
		readonly active: string | null;
		readonly previous?: string;
		readonly pinned: boolean;
		readonly versions: readonly {
			readonly version: string;
			readonly state: "loaded" | "idle" | "down";
			readonly deliveries?: number;
		}[];
	};
}

/** A mechanism as the API shows it. */
export interface MechanismDocument {
	readonly active: boolean;
	readonly notReplaced?: string;
}

/** The program refused. */
export class Refused extends Error {
	readonly status: number;
	readonly code: string;

	constructor(what: string, status: number, body: string) {
		super(`${what} was answered with ${status}: ${body}`);
		this.status = status;
		this.code = /"type":\s*"[^"]*?([a-z-]+)"/.exec(body)?.[1] ?? "";
	}
}

export class Api {
	readonly url: string;

	constructor(url: string) {
		this.url = url;
	}

	/** @throws Refused for another status than 2xx */
	async ask<Body>(method: string, path: string, body?: object): Promise<Body> {
		const response = await fetch(new URL(path, this.url), {
			method,
			signal: AbortSignal.timeout(120_000),
			...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
		});
		const text = await response.text();
		if (!response.ok) {
			throw new Refused(`${method} ${path}`, response.status, text);
		}
		return (text === "" ? undefined : JSON.parse(text)) as Body;
	}

	plugin(type: PluginType): Promise<PluginDocument> {
		return this.ask("GET", `/v1/plugins/${pluginIds[type]}`);
	}

	add(folder: string, isolation: "thread" | "process"): Promise<PluginDocument> {
		return this.ask("POST", "/v1/plugins", { from: folder, isolation });
	}

	pin(type: PluginType, version: string | null): Promise<PluginDocument> {
		return this.ask("POST", `/v1/plugins/${pluginIds[type]}/pin`, { version });
	}

	rollBack(type: PluginType): Promise<PluginDocument> {
		return this.ask("POST", `/v1/plugins/${pluginIds[type]}/rollback`);
	}

	remove(type: PluginType, version: string): Promise<void> {
		return this.ask("DELETE", `/v1/plugins/${pluginIds[type]}?version=${version}`);
	}

	/** Has the line go to another address of the sink. */
	setLine(url: string): Promise<MechanismDocument> {
		return this.ask("PUT", "/v1/mechanisms/line", { use: pluginIds.mechanism, settings: { url } });
	}

	line(): Promise<MechanismDocument> {
		return this.ask("GET", "/v1/mechanisms/line");
	}
}
