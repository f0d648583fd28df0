/**
 * What every mechanism plugin has to keep, as tests. A plugin's own test file calls
 * `mechanismConformance(plugin, world)`; the world starts whatever the plugin talks to.
 */
import Schema from "typebox/schema";
import { afterEach, describe, expect, it } from "vitest";
import { type MechanismInstance, type MechanismPlugin, mechanismApiVersion } from "../mechanism.ts";
import { mechanismKinds } from "../model.ts";
import { type Outcome, outcomes, receiptLevels } from "../outcome.ts";
import { testAttempt } from "./attempt.ts";
import { type TestHost, testHost } from "./host.ts";
import { complaintsAboutSchema } from "./plugin-schema.ts";

/** Settings and an address that fit the plugin's schemas. */
export interface Situation {
	readonly settings: Readonly<Record<string, unknown>>;
	readonly address: Readonly<Record<string, unknown>>;
	/** Called once the instance exists, before anything is sent: connect the recipient's device here. */
	readonly ready?: (host: TestHost) => void | Promise<void>;
}

/** What the plugin talks to. Each call starts what it needs; `stop` follows every test. */
export interface MechanismWorld {
	/** The recipient can be reached: a send comes to `accepted`. */
	reachable(): Promise<Situation>;
	/**
	 * The other side cannot be spoken to, as when nothing listens. A send comes to `failed`, or to what
	 * `outcome` says. Left out by mechanisms that talk to nobody.
	 */
	unreachable?(): Promise<Situation & { readonly outcome?: Outcome }>;
	/** The other side takes what it is sent and never answers. Left out by mechanisms that await no answer. */
	silent?(): Promise<Situation>;
	/** Stops everything that was started for one test. */
	stop(): Promise<void>;
}

/** An aborted call may not take longer than this, in milliseconds. */
const patience = 3000;

/** Bodies that break careless protocols: dots, line ends, control characters, half characters, length. */
const nastyBodies: Readonly<Record<string, string>> = {
	"a lone dot": "one\n.\ntwo\n..three",
	"mixed line ends": "one\r\ntwo\rthree\n\nfour\r\n",
	"control characters": "bell \u0007, escape \u001b[31m, nul \u0000, delete \u007f",
	"no Latin letters": "Насос стоит 🚨 ポンプ停止",
	"half a character": "broken \ud83d surrogate",
	"something like a command": "hello\r\nQUIT\r\n.\r\nRSET\r\n",
	markup: "<b>bold</b> & <script>alert(1)</script>",
	"a long text": "long ".repeat(20_000),
};

interface Running {
	readonly host: TestHost;
	readonly instance: MechanismInstance;
	readonly situation: Situation;
}

/** Registers the tests. */
export function mechanismConformance<Settings, Address>(
	plugin: MechanismPlugin<Settings, Address>,
	world: MechanismWorld,
): void {
	const tested = plugin as unknown as MechanismPlugin<unknown>;
	describe(`the ${plugin.id} plugin keeps the mechanism contract`, () => {
		describeDescriptor(tested);
		const bench = new Bench(tested, world);
		afterEach(() => bench.end());
		describeSettings(tested, bench);
		describeSending(bench);
		describeTrouble(bench);
		describeClosing(bench);
	});
}

/** Makes instances for one test and closes them after it. */
class Bench {
	readonly #plugin: MechanismPlugin<unknown>;
	readonly world: MechanismWorld;
	readonly #instances: MechanismInstance[] = [];

	constructor(plugin: MechanismPlugin<unknown>, world: MechanismWorld) {
		this.#plugin = plugin;
		this.world = world;
	}

	async end(): Promise<void> {
		await Promise.all(this.#instances.splice(0).map((instance) => instance.close()));
		await this.world.stop();
	}

	async run(situation: Situation): Promise<Running> {
		const host = testHost({ now: Date.now });
		const instance = await this.#plugin.create(situation.settings, host);
		this.#instances.push(instance);
		await situation.ready?.(host);
		return { host, instance, situation };
	}

	async runReachable(): Promise<Running> {
		return this.run(await this.world.reachable());
	}
}

function describeDescriptor(plugin: MechanismPlugin<unknown>): void {
	it("describes itself", () => {
		expect(plugin.type).toBe("mechanism");
		expect(plugin.id).toMatch(/^[a-z][a-z0-9-]*$/);
		expect(plugin.apiVersion).toBe(mechanismApiVersion);
		expect(plugin.version).toMatch(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/);
		expect(mechanismKinds).toContain(plugin.kind);
		expect(plugin.title.trim()).not.toBe("");
	});

	it("has closed, described schemas, and its secrets are texts", () => {
		expect(complaintsAboutSchema(plugin.settings, "settings")).toEqual([]);
		expect(complaintsAboutSchema(plugin.address, "address")).toEqual([]);
	});

	it("declares capabilities that can be", () => {
		const { receipts, sizeLimit, batch } = plugin.capabilities;
		expect(receipts === undefined || receiptLevels.includes(receipts)).toBe(true);
		expect(sizeLimit ?? 1).toBeGreaterThan(0);
		expect(batch ?? 1).toBeGreaterThan(0);
	});
}

function describeSettings(plugin: MechanismPlugin<unknown>, bench: Bench): void {
	it("takes by its schemas what it works with, and no key it does not know", async () => {
		const { settings, address } = await bench.world.reachable();
		expect(Schema.Check(plugin.settings, settings)).toBe(true);
		expect(Schema.Check(plugin.address, address)).toBe(true);
		expect(Schema.Check(plugin.settings, { ...settings, "no-such-setting": 1 })).toBe(false);
		expect(Schema.Check(plugin.address, { ...address, "no-such-part": 1 })).toBe(false);
	});

	it("refuses by its schemas what lacks a required part", async () => {
		const { settings, address } = await bench.world.reachable();
		for (const [schema, value] of [
			[plugin.settings, settings],
			[plugin.address, address],
		] as const) {
			for (const key of schema.required ?? []) {
				const { [key]: _, ...rest } = value;
				expect(Schema.Check(schema, rest), `without ${key}`).toBe(false);
			}
		}
	});

	it("has the methods that its capabilities promise, and no others", async () => {
		const { instance } = await bench.runReachable();
		const { retraction, presence, batch } = plugin.capabilities;
		expect(instance.retract !== undefined, "retract").toBe(retraction === true);
		expect(instance.presence !== undefined, "presence").toBe(presence === true);
		expect(instance.sendMany !== undefined, "sendMany").toBe(batch !== undefined);
	});
}

function describeSending(bench: Bench): void {
	it("reaches who can be reached, with evidence that does not hold the message", async () => {
		const { instance, situation } = await bench.runReachable();
		const attempt = testAttempt(situation.address, { now: Date.now() });
		const result = await instance.send(attempt, AbortSignal.timeout(10_000));
		expect(result.outcome).toBe("accepted");
		expect(result.evidence ?? "").not.toBe("");
		expect(result.evidence).not.toContain(attempt.message.body);
	});

	it("takes the same attempt a second time", async () => {
		const { instance, situation } = await bench.runReachable();
		const attempt = testAttempt(situation.address, { now: Date.now() });
		await instance.send(attempt, AbortSignal.timeout(10_000));
		const again = await instance.send({ ...attempt, try: 2 }, AbortSignal.timeout(10_000));
		expect(again.outcome).toBe("accepted");
	});

	for (const [name, body] of Object.entries(nastyBodies)) {
		it(`answers for ${name} in the body`, async () => {
			const { instance, situation } = await bench.runReachable();
			const attempt = testAttempt(situation.address, {
				now: Date.now(),
				message: { body, subject: `About ${body.slice(0, 40)}` },
			});
			const result = await instance.send(attempt, AbortSignal.timeout(10_000));
			expect(["accepted", "rejected"]).toContain(result.outcome);
			expect(result.evidence ?? "").not.toContain(body);
		});
	}

	it("says that it is well", async () => {
		const { instance } = await bench.runReachable();
		const health = await instance.health?.(AbortSignal.timeout(10_000));
		expect(health?.healthy ?? true).toBe(true);
	});
}

function describeTrouble(bench: Bench): void {
	it("settles at once when the call was aborted before it began", async () => {
		const { instance, situation } = await bench.runReachable();
		const attempt = testAttempt(situation.address, { now: Date.now() });
		const result = await within(instance.send(attempt, AbortSignal.abort()));
		expect(outcomes).toContain(result.outcome);
	});

	const { unreachable, silent } = bench.world;
	if (unreachable !== undefined) {
		it("says so when the other side cannot be spoken to", async () => {
			const situation = await unreachable.call(bench.world);
			const { instance } = await bench.run(situation);
			const attempt = testAttempt(situation.address, { now: Date.now() });
			const result = await instance.send(attempt, AbortSignal.timeout(10_000));
			expect(result.outcome).toBe(situation.outcome ?? "failed");
			expect(result.evidence ?? "").not.toBe("");
			const health = await instance.health?.(AbortSignal.timeout(10_000));
			expect(health?.healthy ?? false).toBe(false);
		});
	}
	if (silent !== undefined) {
		it("settles soon after an abort, and claims nothing it does not know", async () => {
			const controller = new AbortController();
			const { sending } = await sendIntoSilence(bench, silent, controller.signal);
			setTimeout(() => controller.abort(), 200);
			expect(["failed", "unknown"]).toContain((await within(sending)).outcome);
		});

		it("ends a call that is under way when it closes", async () => {
			const { instance, sending } = await sendIntoSilence(bench, silent, AbortSignal.timeout(60_000));
			setTimeout(() => void instance.close(), 200);
			expect(["failed", "unknown"]).toContain((await within(sending)).outcome);
		});
	}
}

async function sendIntoSilence(bench: Bench, silent: () => Promise<Situation>, signal: AbortSignal) {
	const situation = await silent.call(bench.world);
	const { instance } = await bench.run(situation);
	const sending = instance.send(testAttempt(situation.address, { now: Date.now() }), signal);
	return { instance, sending };
}

function describeClosing(bench: Bench): void {
	it("closes twice as well as once, and is silent afterwards", async () => {
		const { host, instance, situation } = await bench.runReachable();
		await instance.send(testAttempt(situation.address, { now: Date.now() }), AbortSignal.timeout(10_000));
		await within(instance.close());
		await within(instance.close());
		const calls = [...host.calls];
		// Silence cannot be awaited as an event: give whatever was left running a moment to show itself.
		await new Promise((resolve) => setTimeout(resolve, 150));
		expect(host.calls).toEqual(calls);
	});
}

/** The result, or an error when it does not come within the patience after the abort. */
async function within<T>(promise: Promise<T>): Promise<T> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`not settled after ${patience} ms`)), patience);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}
