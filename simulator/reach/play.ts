/** Plays one plan with one strategy, and says of each message what was claimed and what was so. */
import { setImmediate } from "node:timers/promises";
import type { Milliseconds } from "@posthaste/core";
import type { Happened } from "./network.ts";
import type { Plan, PlannedMessage } from "./plan.ts";
import { Program } from "./program.ts";
import { hour, minute, senders } from "./rates.ts";
import { Script } from "./script.ts";
import { PosthasteSenders } from "./senders.ts";
import { documentOf, type Strategy } from "./strategies.ts";
import { ReachWorld } from "./world.ts";

/** What the sender is told in the end. `open`: nothing, as when the script died. */
export type Claim = "reached" | "not-reached" | "unknown" | "open";

export interface Result extends Happened {
	readonly message: PlannedMessage;
	readonly claim: Claim;
	/** The sender was asked and said no, or nothing. */
	readonly declined: boolean;
}

/** After the last message has expired, for receipts that come later. */
const afterwards: Milliseconds = 2 * hour;
const end = senders.weekLasts + senders.expires.normal + afterwards;

export async function play(plan: Plan, strategy: Strategy): Promise<readonly Result[]> {
	const realNow = Date.now;
	const played = strategy.script === undefined ? playProgram(plan, strategy) : playScript(plan, strategy.script);
	// The circuit breaker's library reads the time itself.
	Date.now = () => played.world.clock.now();
	try {
		await played.setUp();
		played.world.scheduleCrashes();
		while (played.world.clock.step(end)) {
			await setImmediate();
			if (played.world.error !== undefined) {
				throw played.world.error;
			}
		}
	} finally {
		Date.now = realNow;
	}
	return plan.messages.map((message) => ({
		message,
		...played.world.network.happened(message.key),
		...played.claimOf(message.key),
	}));
}

interface Played {
	readonly world: ReachWorld;
	setUp(): Promise<void>;
	claimOf(key: string): Pick<Result, "claim" | "declined">;
}

function playScript(plan: Plan, channel: NonNullable<Strategy["script"]>): Played {
	const world = new ReachWorld(plan, () => undefined);
	const script = new Script(world, channel);
	return {
		world,
		setUp: async () => {
			world.start();
			for (const message of plan.messages) {
				world.at(message.at, () => script.send(message));
			}
		},
		claimOf: (key) => ({ claim: script.claimOf(key), declined: false }),
	};
}

function playProgram(plan: Plan, { steps, unasked = false }: Strategy): Played {
	const world: ReachWorld = new ReachWorld(plan, (process) => {
		program.start(process).then(
			() => people.follow(process),
			(error: unknown) => {
				world.error ??= error;
			},
		);
	});
	const program = new Program(world);
	const people = new PosthasteSenders(world, program, unasked);
	const users = [...plan.people.keys()];
	return {
		world,
		setUp: async () => {
			world.start();
			await comes(world, () => program.posthaste !== undefined);
			const applied = steps && program.posthaste?.configuration.apply(documentOf(steps, users));
			let isApplied = false;
			void applied?.then(() => {
				isApplied = true;
			});
			await comes(world, () => isApplied);
			people.begin();
		},
		claimOf: (key) => people.claimOf(key),
	};
}

/** Nothing goes wrong yet, so that what does not come soon never will. */
async function comes(world: ReachWorld, has: () => boolean): Promise<void> {
	for (let turns = 0; !has(); turns += 1) {
		if (turns > 1000 || world.error !== undefined) {
			throw world.error ?? new Error("the program does not start");
		}
		await setImmediate();
		world.clock.step(minute);
	}
}
