/**
 * Runs one version of a plugin apart from the program: starts it, greets it, sees whether it still
 * answers, and starts it again when it ended, after a rest that grows. Whatever the plugin does, the
 * program goes on.
 */
import { managerApiVersion, mechanismApiVersion, thrownText } from "@posthaste/core";
import type { Log } from "../engine/ports.ts";
import { Peer, PeerGone } from "./peer.ts";
import type { Description, HostMethods, HostNotices, PluginMethods, PluginNotices } from "./protocol.ts";
import { checkedAnswer, checkedParams } from "./validate.ts";
import { openWire, type Program, type Wire } from "./wire.ts";

export type HostPeer = Peer<PluginMethods, PluginNotices, HostMethods, HostNotices>;

export interface RunnerLimits {
	/** A plugin has this long to load and to say what it is. */
	readonly start: number;
	/** It is ended when it answers nothing at all for this long, as in an endless loop. */
	readonly silence: number;
	/** The first rest before it is started again; each further one twice as long, to a minute. */
	readonly rest: number;
}

export const runnerLimits: RunnerLimits = { start: 20_000, silence: 5000, rest: 200 };

const longestRest = 60_000;
/** How often a plugin is asked whether it answers. */
const pingInterval = 1000;
/** A plugin that worked for this long has recovered. */
const recovered = 60_000;
/** Lines that a plugin may log in a second; what is more is counted and dropped. */
const logBudget = 100;

export interface RunnerParts {
	readonly program: Program;
	/** How it is called in the log and in what people read. */
	readonly name: string;
	readonly log: Log;
	readonly limits?: Partial<RunnerLimits>;
	/** Looked at before each start. @throws Error when it must not be started */
	readonly check?: () => Promise<void>;
	/** Sets up what is answered to the plugin, each time it starts. */
	readonly prepare?: (peer: HostPeer) => void;
	/** It is up once more after it had ended. */
	readonly onUp?: () => void;
	/** It ended by itself, and why. It will be started again. */
	readonly onDown?: (reason: string) => void;
}

/** The plugin is not running now, and why. Nothing was handed to it. */
export class PluginDown extends Error {}

export class Runner {
	readonly #parts: RunnerParts;
	readonly #limits: RunnerLimits;
	#wire: Wire | undefined;
	#peer: HostPeer | undefined;
	#description: Promise<Description> | undefined;
	#downBecause: string | undefined;
	#stopped = false;
	/** Its thread goes on although it was ended. */
	#isStuck = false;
	#rest: number;
	#restart: NodeJS.Timeout | undefined;
	#heartbeat: NodeJS.Timeout | undefined;
	#logged = 0;

	constructor(parts: RunnerParts) {
		this.#parts = parts;
		this.#limits = { ...runnerLimits, ...parts.limits };
		this.#rest = this.#limits.rest;
	}

	/** Why it is not up; undefined while it is, or has not been needed yet. */
	get downBecause(): string | undefined {
		return this.#downBecause;
	}

	get isUp(): boolean {
		return this.#peer !== undefined;
	}

	/** Starts it when it does not run. @throws Error with the reason when it does not come up */
	start(): Promise<Description> {
		if (this.#stopped) {
			return Promise.reject(new PluginDown(`plugin ${this.#parts.name} was unloaded`));
		}
		if (this.#isStuck) {
			return Promise.reject(new PluginDown(this.#downBecause ?? "it cannot be ended"));
		}
		this.#description ??= this.#start();
		return this.#description;
	}

	/**
	 * Asks the plugin, starting it when it does not run.
	 * @throws PluginDown when nothing was handed over, PeerGone when it ended before it answered,
	 * BadAnswer when its answer is none
	 */
	async ask<Name extends keyof PluginMethods>(
		name: Name,
		params: PluginMethods[Name]["params"],
	): Promise<PluginMethods[Name]["result"]> {
		const peer = this.#peer ?? (await this.#up());
		return checkedAnswer(name, await peer.ask(name, params));
	}

	tell<Name extends keyof PluginNotices>(name: Name, params: PluginNotices[Name]): void {
		this.#peer?.tell(name, params);
	}

	/** Ends the plugin because of what it did; it is started again after a rest. */
	end(reason: string): void {
		this.#ended(reason);
	}

	/** Unloads it for good. */
	async stop(): Promise<void> {
		this.#stopped = true;
		clearTimeout(this.#restart);
		await this.#unload("it was unloaded");
	}

	/** Unloads it until it is needed again, as one that nobody has asked for long. */
	async doze(): Promise<void> {
		clearTimeout(this.#restart);
		this.#description = undefined;
		await this.#unload("it was unloaded");
	}

	async #up(): Promise<HostPeer> {
		if (this.#downBecause !== undefined) {
			throw new PluginDown(this.#downBecause);
		}
		try {
			await this.start();
		} catch (error) {
			throw new PluginDown(thrownText(error));
		}
		if (this.#peer === undefined) {
			throw new PluginDown(this.#downBecause ?? "it ended again");
		}
		return this.#peer;
	}

	async #start(): Promise<Description> {
		const { program, prepare, onUp, check } = this.#parts;
		const wasDown = this.#downBecause !== undefined;
		await check?.().catch((error: Error) => {
			this.#ended(error.message);
			throw error;
		});
		if (this.#stopped) {
			throw new PluginDown("it was unloaded");
		}
		let peer: HostPeer | undefined;
		const wire = openWire(program, {
			onMessage: (message) => peer?.receive(message),
			onOutput: (line) => this.#say("info", {}, line),
			onEnd: (reason) => this.#wire === wire && this.#ended(reason),
		});
		peer = new Peer<PluginMethods, PluginNotices, HostMethods, HostNotices>(
			(message) => wire.send(message),
			(method, params) => this.#checked(method, params),
		);
		this.#wire = wire;
		this.#peer = undefined;
		peer.hear("log", ({ level, fields = {}, text }) => this.#say(level, fields, String(text)));
		prepare?.(peer);
		const greeted = peer;
		this.#starting = peer;
		const description = await this.#greet(greeted);
		if (this.#wire !== wire) {
			throw new PluginDown(this.#downBecause ?? "it ended while it started");
		}
		this.#peer = greeted;
		this.#downBecause = undefined;
		this.#watch(greeted);
		if (wasDown) {
			onUp?.();
		}
		return description;
	}

	/** The end that is being greeted: its questions fail with the wire. */
	#starting: HostPeer | undefined;

	async #greet(peer: HostPeer): Promise<Description> {
		const late = setTimeout(
			() => this.#ended(`it did not come up within ${this.#limits.start} ms`),
			this.#limits.start,
		).unref();
		try {
			const spoken = { program: "posthaste", managerApiVersion, mechanismApiVersion };
			return checkedAnswer("initialize", await peer.ask("initialize", spoken));
		} catch (error) {
			if (!(error instanceof PeerGone)) {
				this.#ended(thrownText(error));
			}
			throw error;
		} finally {
			clearTimeout(late);
		}
	}

	/** It ended, or is being ended: everything unanswered fails, and it is started again after a rest. */
	#ended(reason: string): void {
		const wasUp = this.#peer !== undefined;
		this.#downBecause = reason;
		this.#description = undefined;
		clearTimeout(this.#restart);
		const gone = this.#unload(reason);
		if (this.#stopped) {
			return;
		}
		const rest = this.#rest;
		this.#rest = Math.min(rest * 2, longestRest);
		this.#parts.log.warn(
			{ plugin: this.#parts.name, reason, restIn: rest },
			"a plugin ended and will be started again",
		);
		if (wasUp) {
			this.#parts.onDown?.(reason);
		}
		void gone.then((isGone) => {
			if (!isGone) {
				this.#giveUp(reason);
			} else if (!this.#stopped) {
				this.#restart = setTimeout(() => void this.#again(), rest).unref();
			}
		});
	}

	/** What cannot be ended must not be started beside itself again and again. */
	#giveUp(reason: string): void {
		this.#downBecause = `${reason}; its thread cannot be ended, so it stays down until Posthaste is restarted. In a process it could be ended`;
		this.#isStuck = true;
		this.#parts.log.error({ plugin: this.#parts.name, reason }, "a plugin's thread cannot be ended and goes on");
		this.#parts.onDown?.(this.#downBecause);
	}

	async #again(): Promise<void> {
		if (!this.#stopped && this.#peer === undefined) {
			// A start that fails has seen to the next one already.
			await this.start().catch(() => undefined);
		}
	}

	/** False when it cannot be ended. */
	async #unload(reason: string): Promise<boolean> {
		const wire = this.#wire;
		const ends = [this.#peer, this.#starting];
		this.#wire = undefined;
		this.#peer = undefined;
		this.#starting = undefined;
		clearTimeout(this.#heartbeat);
		for (const end of ends) {
			end?.end(reason);
		}
		return (await wire?.kill()) ?? true;
	}

	/** Asks again and again whether it answers, and how much it holds. */
	#watch(peer: HostPeer): void {
		const { silence } = this.#limits;
		const up = Date.now();
		const beat = async () => {
			this.#logged = 0;
			const hangs = setTimeout(() => {
				if (this.#peer === peer) {
					this.#ended(`it answered nothing for ${silence} ms, as in an endless loop`);
				}
			}, silence).unref();
			const vitals = await peer
				.ask("ping", {})
				.then((answer) => checkedAnswer("ping", answer))
				.catch(() => undefined);
			clearTimeout(hangs);
			if (this.#peer !== peer) {
				return;
			}
			const { memory } = this.#parts.program;
			if ((vitals?.external ?? 0) > memory * 1024 * 1024) {
				this.#ended(`it used more than ${memory} MB of memory for buffers`);
				return;
			}
			if (Date.now() - up > recovered) {
				this.#rest = this.#limits.rest;
			}
			this.#heartbeat = setTimeout(() => void beat(), pingInterval).unref();
		};
		this.#heartbeat = setTimeout(() => void beat(), pingInterval).unref();
	}

	/** Whoever writes a plugin learns from the log what was wrong with a notice, which has no answer. */
	#checked(method: string, params: unknown): unknown {
		try {
			return checkedParams(method, params);
		} catch (error) {
			this.#say("warn", {}, `the plugin's call was refused: ${error instanceof Error ? error.message : error}`);
			throw error;
		}
	}

	#say(level: "debug" | "info" | "warn" | "error", fields: object, text: string): void {
		this.#logged += 1;
		const { log, name } = this.#parts;
		if (this.#logged <= logBudget && level in log) {
			log[level]({ ...fields, plugin: name }, text.slice(0, 2000));
		} else if (this.#logged === logBudget + 1) {
			log.warn({ plugin: name }, `a plugin logs more than ${logBudget} lines a second; what is more is dropped`);
		}
	}
}
