/**
 * Plugins that misbehave, each in every way there is, in a thread and in a process, with a load of other
 * messages beside. It costs that plugin alone.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PosthasteCore } from "../create-posthaste.ts";
import type { MessageView } from "../posthaste.ts";
import { type Bench, configured, managerPackage, mechanismPackage, openBench, until } from "./test/packages.ts";

/** Sends to Ann, who is reached without the plugin, for as long as it lasts. */
class Load {
	readonly #posthaste: PosthasteCore;
	readonly #sent = new Set<string>();
	/** Attempts of each message that reached her. */
	readonly #reached = new Map<string, number>();
	readonly #attempts = new Map<string, number>();
	readonly #stopObserving: () => void;
	#stopped = false;
	readonly #done: Promise<void>;

	constructor(posthaste: PosthasteCore) {
		this.#posthaste = posthaste;
		this.#stopObserving = posthaste.observe(({ message, state, entries }) => {
			const tries = entries.filter(({ type }) => type === "attempt").length;
			this.#attempts.set(message, (this.#attempts.get(message) ?? 0) + tries);
			if (state === "reached") {
				this.#reached.set(message, this.#attempts.get(message) ?? 0);
			}
		});
		this.#done = this.#run();
	}

	async #run(): Promise<void> {
		while (!this.#stopped) {
			const { id } = await this.#posthaste.send({ to: ["ann"], from: "mary", body: "beside" });
			this.#sent.add(id);
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	}

	get #count(): number {
		return [...this.#sent].filter((id) => this.#reached.has(id)).length;
	}

	/** Goes on until so many more messages have reached Ann: the program is not waiting for the plugin. */
	async goesOn(messages: number): Promise<void> {
		const from = this.#count;
		await until(() => this.#count >= from + messages, "messages beside to reach Ann");
	}

	/** Every message reached Ann, by one attempt. */
	async end(): Promise<void> {
		this.#stopped = true;
		await this.#done;
		await until(() => this.#count === this.#sent.size, "all messages beside to reach Ann");
		this.#stopObserving();
		for (const id of this.#sent) {
			expect(this.#reached.get(id)).toBe(1);
		}
	}
}

// Threads and processes are really started, and some are waited for until their time is over.
vi.setConfig({ testTimeout: 90_000 });

let bench: Bench;
let load: Load;

async function begin(isolation: "thread" | "process"): Promise<void> {
	bench = await openBench({ isolation });
	await bench.posthaste.configuration.apply(configured({}));
	load = new Load(bench.posthaste);
}
afterEach(async () => {
	await load.end();
	await bench.close();
});

const outcomes = (view: MessageView) =>
	view.deliveries[0]?.journal.flatMap((entry) =>
		entry.type === "outcome" ? [{ by: entry.mechanism, outcome: entry.outcome, evidence: entry.evidence ?? "" }] : [],
	) ?? [];

describe.each(["thread", "process"] as const)("in a %s, a mechanism", (isolation) => {
	beforeEach(() => begin(isolation));

	async function install(source: Parameters<typeof mechanismPackage>[1]): Promise<void> {
		await bench.posthaste.plugins.add({ from: await mechanismPackage(bench.root, source), memory: 48 });
		await bench.posthaste.configuration.apply(configured({ line: true }));
	}
	const line = async () => bench.posthaste.mechanisms.get("line");

	// What happens to an answer does not depend on where it comes from.
	test.each(
		isolation === "process"
			? []
			: [
					["throws at once", 'throw new Error("line 5");', "line 5"],
					["rejects", 'return Promise.reject(new Error("line 5"));', "line 5"],
					["answers something that is no outcome", 'return { outcome: "sent" };', "outcome"],
					["answers nothing", "return undefined;", ""],
				],
	)("that %s left the outcome unknown, and lives on", async (_how, send, evidence) => {
		await install({ send });
		const view = await bench.deliver("cat");
		expect(outcomes(view)[0]).toMatchObject({
			by: "line",
			outcome: "unknown",
			evidence: expect.stringContaining(evidence),
		});
		expect((await line())?.active).toBe(true);
	});

	test.each([
		["loops for ever", "for (;;);", /endless loop/],
		["exits", "process.exit(3);", /code 3/],
		["leaves a rejection unhandled", 'Promise.reject(new Error("nobody")); return new Promise(() => {});', /./],
		[
			"throws where nobody catches",
			'setTimeout(() => { throw new Error("later"); }, 1); return new Promise(() => {});',
			/./,
		],
		[
			"uses up its heap",
			"const all = []; for (let n = 0; ; n++) { all.push({ n, text: 'number ' + n }); }",
			/more than 48 MB of memory/,
		],
	])(
		"that %s is inactive with the reason, the routing goes around it, and it is started again",
		async (_how, evil, reason) => {
			await install({ send: `if (attempt.message.body === "evil") { ${evil} } return { outcome: "accepted" };` });
			expect(outcomes(await bench.deliver("ben"))).toMatchObject([{ by: "line", outcome: "accepted" }]);
			const inactive: string[] = [];
			const view = bench.deliver("ben", ["reached"], "evil");
			// The program hears of nothing yet, and goes on meanwhile.
			await load.goesOn(3);
			await until(async () => {
				const now = await line();
				inactive.push(...(now?.active === false ? [now.inactive?.detail ?? ""] : []));
				return inactive.length > 0;
			}, "the mechanism to be inactive");
			expect(inactive[0]).toMatch(reason);
			expect(outcomes(await view)[0]).toMatchObject({
				by: "line",
				outcome: "unknown",
				evidence: expect.stringMatching(/the plugin ended/),
			});
			await until(async () => (await line())?.active === true, "the mechanism to be active again");
			expect(outcomes(await bench.deliver("cat"))).toMatchObject([{ by: "line", outcome: "accepted" }]);
		},
	);

	test("that hangs gives its attempts an end, and is alive", async () => {
		await install({ send: "return new Promise(() => {});" });
		const view = await bench.deliver("ben", ["reached"]);
		expect(outcomes(view)[0]).toMatchObject({
			by: "line",
			outcome: "unknown",
			evidence: expect.stringContaining("no answer"),
		});
		expect(outcomes(view).at(-1)).toMatchObject({ by: "calm", outcome: "accepted" });
	});

	test("that uses up memory outside its heap is ended as well", async () => {
		const hoard =
			"globalThis.all = []; for (let n = 0; n < 100; n++) { globalThis.all.push(Buffer.alloc(1024 * 1024, 1)); }";
		await install({ send: `${hoard} return { outcome: "accepted" };` });
		await bench.deliver("cat");
		await until(
			() =>
				bench.logged.some(({ fields }) => /memory for buffers/.test(String((fields as { reason?: string }).reason))),
			"the plugin to be ended",
		);
	});

	test("that floods the log and its callbacks is cut off, and the program goes on", async () => {
		const flood =
			'for (let n = 0; n < 3000; n++) { host.log.info({ n }, "again"); host.receipt({ attempt: "no", level: "read" }).catch(() => {}); }';
		await install({
			create: `return { async send() { ${flood} return { outcome: "accepted" }; }, async close() {} };`,
		});
		expect((await bench.deliver("cat")).deliveries[0]?.state).toBe("reached");
		const said = bench.logged.filter(({ text }) => text === "again").length;
		expect(said).toBeGreaterThan(0);
		expect(said).toBeLessThan(2000);
	});

	test.each(
		isolation === "process"
			? []
			: [
					["does not load", { load: 'throw new Error("no library");' }, /no library|code/],
					["loops while it loads", { load: "for (;;);" }, /did not come up/],
					["speaks another version of the contract", { apiVersion: 2 }, /speaks version 2 .* this program speaks 1/],
				],
	)("that %s is not installed, and says why", async (_how, source, why) => {
		await load.end();
		await bench.close();
		bench = await openBench({ isolation, pluginLimits: { start: 6000 } });
		await bench.posthaste.configuration.apply(configured({}));
		load = new Load(bench.posthaste);
		const from = await mechanismPackage(bench.root, source);
		await expect(bench.posthaste.plugins.add({ from })).rejects.toMatchObject({
			code: "invalid-plugin",
			message: expect.stringMatching(why),
		});
		expect((await bench.posthaste.plugins.list()).map(({ id }) => id)).not.toContain("line");
	});
});

describe.each(["thread", "process"] as const)("in a %s, a manager", (isolation) => {
	beforeEach(() => begin(isolation));

	async function install(deliver: string, load = ""): Promise<void> {
		await bench.posthaste.plugins.add({ from: await managerPackage(bench.root, { deliver, load }), memory: 48 });
		await bench.posthaste.configuration.apply({ ...configured({ way: true }), defaultManager: "standard" });
	}
	async function send(states: readonly string[]): Promise<MessageView> {
		const { id } = await bench.posthaste.send({ to: ["ann"], from: "mary", body: "odd", manager: "odd" });
		let view: MessageView | undefined;
		await until(
			async () => {
				view = await bench.posthaste.messages.get(id);
				return states.includes(view?.deliveries[0]?.state ?? "");
			},
			`a delivery that is ${states.join(" or ")}`,
		);
		return view as MessageView;
	}
	const held = (view: MessageView) => view.deliveries[0]?.journal.find((entry) => entry.type === "held");

	test("does what it would do in the program", async () => {
		await install('yield* note("a"); yield* attempt(["calm"]);');
		const view = await send(["reached"]);
		expect(view.deliveries[0]?.journal.map(({ type }) => type)).toEqual([
			...["began", "policies", "consult", "effect", "note", "consult", "effect", "attempt", "outcome", "settled"],
		]);
	});

	test.each(
		isolation === "process"
			? []
			: [
					["throws", 'throw new Error("line 7");', /way 1\.0\.0 failed: line 7/],
					["loops for ever", "for (;;);", /way 1\.0\.0 failed: .*(step|loop)/],
					["exits", "process.exit(3);", /way 1\.0\.0 failed: .*code 3/],
					["yields what is no effect", 'yield { effect: "explode" };', /not an effect/],
					["yields for ever", 'for (;;) yield* note("x");', /more than 1000 effects/],
				],
	)("that %s has its delivery held, and it is named", async (_how, deliver, why) => {
		await install(deliver);
		expect(held(await send(["held"]))).toMatchObject({
			reason: "manager-failed",
			detail: expect.stringMatching(why),
		});
	});

	test("that ends at one delivery still serves the others", async () => {
		await install('if (context.message.body === "odd") process.exit(1); yield* attempt(["calm"]);');
		const poison = send(["held"]);
		const others = await Promise.all(
			["1", "2", "3"].map((body) => bench.posthaste.send({ to: ["ann"], from: "mary", body, manager: "odd" })),
		);
		await poison;
		for (const { id } of others) {
			await until(
				async () => (await bench.posthaste.messages.get(id))?.deliveries[0]?.state === "reached",
				"the others to be reached",
			);
		}
	});

	test("that is not deterministic is found out after a restart, held and named", async () => {
		// What it wants first depends on when it was loaded.
		await install(
			'yield* note(String(loaded)); yield* wait(300); yield* attempt(["calm"]);',
			"const loaded = Date.now();",
		);
		const { id } = await bench.posthaste.send({ to: ["ann"], from: "mary", body: "odd", manager: "odd" });
		await until(
			async () => (await bench.posthaste.messages.get(id))?.deliveries[0]?.state === "waiting",
			"the delivery to wait",
		);
		await load.end();
		await bench.reopen();
		load = new Load(bench.posthaste);
		await until(async () => (await bench.posthaste.messages.get(id))?.deliveries[0]?.state === "held", "it to be held");
		expect(held((await bench.posthaste.messages.get(id)) as MessageView)).toMatchObject({
			reason: "manager-failed",
			detail: expect.stringMatching(/way 1\.0\.0 is not deterministic/),
		});
	});
});

describe("in a process under the permission model", () => {
	beforeEach(() => begin("process"));

	const read = (path: string) =>
		`const { readFileSync } = await import("node:fs"); try { return { outcome: "accepted", evidence: readFileSync(${JSON.stringify(path)}, "utf8").slice(0, 20) }; } catch (error) { return { outcome: "rejected", evidence: error.code }; }`;

	test("a mechanism reads no files, starts no processes and no threads", async () => {
		const spawn =
			'const { spawnSync } = await import("node:child_process"); try { spawnSync("true"); return { outcome: "accepted" }; } catch (error) { return { outcome: "rejected", evidence: error.code }; }';
		const thread =
			'const { Worker } = await import("node:worker_threads"); try { new Worker("1", { eval: true }); return { outcome: "accepted" }; } catch (error) { return { outcome: "rejected", evidence: error.code }; }';
		for (const [index, send] of [read("/etc/passwd"), spawn, thread].entries()) {
			const from = await mechanismPackage(bench.root, { send, version: `1.0.${index}` });
			await bench.posthaste.plugins.add({ from });
			await bench.posthaste.configuration.apply(configured({ line: true }));
			expect(outcomes(await bench.deliver("cat"))).toMatchObject([
				{ by: "line", outcome: "rejected", evidence: "ERR_ACCESS_DENIED" },
			]);
		}
	});

	test("it reads what its package says it needs and an operator granted, and nothing for having asked", async () => {
		const send = read("/etc/hostname");
		const needs = { read: ["/etc/hostname"] };
		await bench.posthaste.plugins.add({ from: await mechanismPackage(bench.root, { send, needs }) });
		await bench.posthaste.configuration.apply(configured({ line: true }));
		expect(outcomes(await bench.deliver("cat"))[0]?.outcome).toBe("rejected");
		const from = await mechanismPackage(bench.root, { send, needs, version: "1.1.0" });
		await bench.posthaste.plugins.add({ from, grants: { read: ["/etc/hostname", "/etc/passwd"] } });
		expect(outcomes(await bench.deliver("cat"))[0]?.outcome).toBe("accepted");
		const [plugin] = (await bench.posthaste.plugins.list()).filter(({ id }) => id === "line");
		expect(plugin?.installed?.versions.at(-1)?.grants).toMatchObject({ read: ["/etc/hostname"], write: [] });
	});

	test("it sees none of the program's environment", async () => {
		await bench.posthaste.plugins.add({
			from: await mechanismPackage(bench.root, {
				send: 'return { outcome: "rejected", evidence: Object.keys(process.env).filter((name) => !name.startsWith("NODE_")).join() || "none" };',
			}),
		});
		await bench.posthaste.configuration.apply(configured({ line: true }));
		expect(outcomes(await bench.deliver("cat"))[0]?.evidence).toBe("none");
	});
});
