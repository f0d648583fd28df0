/** Plays one scenario: does its steps at their times, lets everything that follows happen, and waits for the end. */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Milliseconds, User } from "@posthaste/core";
import type { PosthasteCore } from "../packages/posthaste/src/create-posthaste.ts";
import { InstalledPlugins } from "../packages/posthaste/src/plugins/installed.ts";
import type { Disk } from "./disk.ts";
import type { LoggedEvent } from "./log.ts";
import { People } from "./people.ts";
import type { DiskFault, Scenario, Step, StepOf } from "./scenario.ts";
import { swapOf } from "./swaps.ts";
import { type Bug, World } from "./world.ts";

export interface Played {
	readonly scenario: Scenario;
	readonly disk: Disk;
	readonly events: readonly LoggedEvent[];
	/** The same for two runs that went the same way. */
	readonly hash: string;
}

/** Everything has to have ended this long after the faults did. */
const calmLasts: Milliseconds = 12 * 3_600_000;
const minute: Milliseconds = 60_000;
const missedEvery: Milliseconds = 40_000;
/** Timers between two looks at whether everything has ended. */
const lookEvery = 16;

export async function play(scenario: Scenario, bug: Bug = {}): Promise<Played> {
	const realNow = Date.now;
	const unpatch = bug.patch?.();
	const world = new World(scenario, bug);
	// The circuit breaker's library reads the time itself.
	Date.now = () => world.clock.now();
	// The program opens what is installed by itself; here it finds what this world has, without files and threads.
	const { open } = InstalledPlugins;
	InstalledPlugins.open = async () => world.installed() as unknown as InstalledPlugins;
	try {
		await run(world);
	} finally {
		Date.now = realNow;
		InstalledPlugins.open = open;
		unpatch?.();
	}
	const { disk, log } = world;
	return { scenario, disk, events: log.events, hash: hashOf(world) };
}

async function run(world: World): Promise<void> {
	const { scenario, clock } = world;
	await setUp(world);
	const people = new People(world);
	for (const step of scenario.steps) {
		world.later(step.at, () => perform(step, world, people));
	}
	world.later(scenario.calmAt, () => calm(world));
	for (let timers = 1; clock.step(scenario.calmAt + calmLasts); timers += 1) {
		await settle();
		if (world.isCalm && timers % lookEvery === 0 && world.pending === 0 && world.disk.open.length === 0) {
			return;
		}
	}
}

/** Starts the program for the first time and gives it its configuration. Nothing goes wrong yet. */
async function setUp(world: World): Promise<void> {
	world.start();
	let applied: Promise<unknown> | undefined;
	let done = false;
	do {
		await settle();
		applied ??= world.posthaste?.configuration.apply(world.scenario.document).then(() => {
			done = true;
		});
		await settle();
	} while (!done && world.clock.step(minute));
	await applied;
}

/** Lets every promise that can move on do so: nothing here takes real time. */
function settle(): Promise<void> {
	return setImmediate();
}

function calm(world: World): void {
	world.isCalm = true;
	world.log.add({ type: "calm" });
	setWeather(undefined, world);
	world.silentUntil = 0;
	for (const mechanism of world.mechanisms.values()) {
		mechanism.setHealth(undefined);
	}
}

function setWeather(fault: DiskFault | undefined, world: World): void {
	world.weather.fault = fault;
	world.log.add({ type: "weather", fault });
}

function perform(step: Step, world: World, people: People): void {
	switch (step.do) {
		case "send":
			people.send(step);
			break;
		case "cancel":
			people.cancel(step);
			break;
		case "unhealthy": {
			const mechanism = world.mechanisms.get(step.mechanism);
			mechanism?.setHealth(step.how);
			world.later(step.lasts, () => mechanism?.setHealth(undefined));
			break;
		}
		case "misuse-key":
			people.misuse(step);
			break;
		case "presence":
			say(step, step.available, world);
			break;
		case "missed":
			miss(step, step.lasts, world);
			break;
		case "silence":
			world.silentUntil = world.clock.steady + step.lasts;
			break;
		case "stray-receipt":
			world.mechanisms.get(step.mechanism)?.strayReceipt(step.attempt);
			break;
		case "disk":
			setWeather(step.fault, world);
			world.later(step.lasts, () => setWeather(undefined, world));
			break;
		case "jump":
		case "stall":
			world.clock[step.do](step.by);
			world.log.add({ type: "clock", kind: step.do, by: step.by });
			break;
		case "stop":
			stop(step.down, world);
			break;
		case "kill":
			world.downtime = step.down;
			world.process?.kill(step.after, step.turns);
			break;
		default:
			change(step, world);
	}
}

type About = Pick<StepOf<"missed">, "mechanism" | "user">;

/** A mechanism says whether somebody is there. */
function say({ mechanism, user }: About, available: boolean, world: World): void {
	const record = world.disk.record(`users/${user}`) as User | undefined;
	const entry = record?.mechanisms.find((one) => one.mechanism === mechanism);
	if (entry !== undefined) {
		world.mechanisms.get(mechanism)?.presence(String(entry.address.to), available);
	}
}

/** What is said about presence counts for a minute, so it is said again. */
function miss(about: About, lasts: Milliseconds, world: World): void {
	if (lasts > 0 && !world.isCalm) {
		say(about, false, world);
		world.later(missedEvery, () => miss(about, lasts - missedEvery, world));
	}
}

/** Ends in order: no message comes in any more, calls under way end, and then the process does. */
function stop(down: Milliseconds, world: World): void {
	const { process, posthaste } = world;
	if (process !== undefined && posthaste !== undefined) {
		world.log.add({ type: "stopping" });
		void process.onlyWhileAlive(posthaste.close()).then(() => {
			world.downtime = down;
			process.kill(0, 0);
		});
	}
}

/** Changes of the databases. What is refused, because of a fault or because it is in use, stays as it was. */
function change(step: Step, world: World): void {
	const { posthaste, process } = world;
	if (posthaste === undefined || process === undefined) {
		return;
	}
	const changed = changeOf(step, posthaste) ?? swapOf(step, posthaste, world);
	void process.onlyWhileAlive(Promise.resolve(changed)).catch(() => undefined);
}

function changeOf(step: Step, posthaste: PosthasteCore): Promise<unknown> | undefined {
	switch (step.do) {
		case "put-user":
			return posthaste.users.put(step.user, step.definition);
		case "delete-user":
			return posthaste.users.delete(step.user);
		case "put-manager":
			return posthaste.managers.put(step.manager, step.definition);
		case "renew-mechanism":
			return posthaste.mechanisms.put(step.mechanism, {
				use: `virtual-${step.mechanism}`,
				settings: { note: step.note },
			});
		case "disable":
		case "enable":
			return posthaste.mechanisms[step.do](step.mechanism);
		default:
			return undefined;
	}
}

function hashOf({ disk, log }: World): string {
	const hash = createHash("sha256");
	for (const event of log.events) {
		hash.update(JSON.stringify(event));
	}
	for (const { row, journal } of disk.deliveries.values()) {
		hash.update(JSON.stringify(row)).update(journal.join());
	}
	return hash.digest("base64url");
}
