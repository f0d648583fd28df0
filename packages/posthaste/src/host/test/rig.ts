/** Running mechanisms on a virtual clock, of a plugin whose every instance is known to the test. */
import {
	type Attempt,
	defineMechanism,
	type MechanismHost,
	type MechanismInstance,
	type MechanismPlugin,
	type MechanismRecord,
	type SendResult,
} from "@posthaste/core";
import { testAttempt, VirtualClock } from "@posthaste/core/testing";
import { Type } from "typebox";
import type { GuardOptions } from "../guard.ts";
import { type Incoming, RunningMechanisms } from "../mechanisms.ts";
import { WebSockets } from "../web-sockets.ts";

export interface Made {
	readonly settings: unknown;
	readonly host: MechanismHost;
	readonly sent: Attempt[];
	closed: number;
}

export interface Rig {
	readonly mechanisms: RunningMechanisms;
	readonly clock: VirtualClock;
	readonly webSockets: WebSockets;
	/** Instances, and those that did not come up, in the order in which they were begun. */
	readonly made: readonly Made[];
	/** Error texts that were logged. */
	readonly errors: readonly string[];
	/** What instances made from now on do besides sending; throws for one that does not come up. */
	create: (made: Made) => Promise<Partial<MechanismInstance>>;
	/** What every instance answers. */
	answer: (made: Made, attempt: Attempt) => Promise<SendResult>;
	/** Follows a database with these mechanisms, each with its settings. */
	follow(wanted: Readonly<Record<string, object>>, disabled?: boolean): Promise<void>;
	pass(time: number): Promise<void>;
	settle(): Promise<void>;
	send(mechanism?: string): Promise<SendResult>;
	/** Why a mechanism is not active now. */
	activity(mechanism?: string): string | undefined;
}

export const noon = Date.UTC(2026, 2, 4, 12);

const incoming: Incoming = { receipt: async () => undefined, reply: async () => undefined };

const noStorage = {
	pluginGet: async () => undefined,
	pluginSet: async () => undefined,
	pluginDelete: async () => undefined,
	pluginList: async () => [],
};

export function openRig(guard: Partial<GuardOptions> = {}, healthInterval?: number): Rig {
	const clock = new VirtualClock(noon);
	const webSockets = new WebSockets();
	const made: Made[] = [];
	const errors: string[] = [];
	const settings = new Map<string, object>();
	const plugin = linePlugin(async (given, host) => {
		const one: Made = { settings: given, host, sent: [], closed: 0 };
		made.push(one);
		const rest = await rig.create(one);
		return {
			async send(attempt) {
				one.sent.push(attempt);
				return rig.answer(one, attempt);
			},
			async close() {
				one.closed += 1;
			},
			...rest,
		};
	});
	const mechanisms = new RunningMechanisms({
		plugins: { mechanism: (id) => (id === plugin.id ? plugin : undefined) },
		store: noStorage,
		incoming,
		webSockets,
		clock,
		log: {
			debug() {},
			info() {},
			warn: (fields) => errors.push(String((fields as { error?: unknown }).error)),
			error: (fields) => errors.push(String((fields as { error?: unknown }).error)),
		},
		settingsOf: (name) => settings.get(name),
		guard,
		...(healthInterval !== undefined && { healthInterval }),
	});
	const settle = async () => {
		for (let turn = 0; turn < 3; turn++) {
			await new Promise((resolve) => setImmediate(resolve));
		}
	};
	const rig: Rig = {
		mechanisms,
		clock,
		webSockets,
		made,
		errors,
		create: async () => ({}),
		answer: async () => ({ outcome: "accepted" }),
		follow(wanted, disabled = false) {
			for (const [name, given] of Object.entries(wanted)) {
				settings.set(name, given);
			}
			return mechanisms.follow(Object.entries(wanted).map(([name, given]) => recordOf(name, given, disabled)));
		},
		pass: (time) => clock.advance(time, settle),
		settle,
		send: (mechanism = "line") =>
			mechanisms.send(mechanism, testAttempt({ to: "john" }, { deadline: clock.now() + 3_600_000 })),
		activity: (mechanism = "line") => mechanisms.activity(mechanism, clock.now()),
	};
	return rig;
}

function linePlugin(create: MechanismPlugin["create"]): MechanismPlugin {
	return defineMechanism<unknown, Readonly<Record<string, unknown>>>({
		id: "line",
		apiVersion: 1,
		version: "1.0.0",
		kind: "im",
		title: "Line",
		settings: Type.Object({}),
		address: Type.Object({}),
		capabilities: {},
		create,
	});
}

export function recordOf(name: string, settings: object, disabled: boolean): MechanismRecord {
	return { name, use: "line", settings: { ...settings }, disabled, managedBy: { by: "api" }, revision: 1 };
}
