/** The manager in Python keeps the contract that every manager keeps. */
import { type DeliverContext, defineManager, type Effect, type ManagerPlugin, type PastEffect } from "@posthaste/core";
import { managerConformance, play, testMessage } from "@posthaste/core/testing";
import { available } from "@posthaste/real-servers";
import { afterAll, describe, expect, test } from "vitest";
import { PluginBench } from "../../packages/posthaste/src/plugins/test/bench.ts";
import { askSynchronously } from "./test/ask-synchronously.ts";

const folder = new URL("escalate", import.meta.url).pathname;
const command = ["python3", "manager.py"];
const bench = new PluginBench({ command }, { folder });
afterAll(() => bench.stop());

/** Asked for each effect anew, over the whole past, as the program asks it. */
function bridged(): ManagerPlugin {
	const { ask, close } = askSynchronously(command, folder);
	afterAll(close);
	const described = ask("initialize", { program: "test", managerApiVersion: 1, mechanismApiVersion: 1 });
	const judge = (settings: unknown) => ask("judge", { settings }) as { allows: string[]; complaints: string[] };
	return defineManager({
		...(described as Omit<ManagerPlugin, "type" | "deliver" | "allows" | "check">),
		allows: (settings) => judge(settings).allows,
		check: (settings) => judge(settings).complaints,
		*deliver(context: DeliverContext<unknown>) {
			const past: PastEffect[] = [];
			for (;;) {
				const { effect } = ask("next", { delivery: context.message.id, context, past }) as { effect: Effect | null };
				if (effect === null) {
					return;
				}
				const result = yield effect;
				past.push({ effect, ...(result !== undefined && { result }) });
			}
		},
	});
}

const settings = { mechanisms: ["im", "email", "pager"], askBefore: ["pager"], within: "2m", patience: "90s" };

if (available("Python")) {
	const manager = bridged();
	managerConformance(manager, {
		settings: [settings, { mechanisms: ["kind:im", "siren"], until: "delivered" }],
		runs: 25,
	});

	test("tries in order, asks before the pager, and stops when somebody acknowledges", () => {
		const delivery = play(manager, settings, {
			mechanisms: {
				im: { kind: "im", capabilities: { receipts: "acknowledged" } },
				email: { kind: "email", inactive: "inactive" },
				pager: { kind: "pager", capabilities: { receipts: "acknowledged" } },
			},
		});
		delivery.outcome("im", "accepted");
		delivery.pass("2m");
		expect(delivery.question).toBe("John Smith has not answered by im. Go on with pager?");
		delivery.answer("yes");
		expect(delivery.last).toMatchObject({ type: "attempt", mechanism: "pager", until: "acknowledged" });
		delivery.outcome("pager", "accepted");
		delivery.receipt("pager", "acknowledged");
		expect([delivery.state, delivery.reason]).toEqual(["reached", "acknowledged"]);
	});

	test("leaves the pager out when the sender says no", () => {
		const delivery = play(
			manager,
			{ mechanisms: ["pager"], askBefore: ["pager"] },
			{
				mechanisms: { pager: { kind: "pager" } },
			},
		);
		delivery.answer("no");
		expect(delivery.decisions).toContainEqual({ type: "note", text: "pager is left out, as the sender wishes" });
		expect([delivery.state, delivery.attempted]).toEqual(["unreached", []]);
	});

	test("says what is wrong with settings", () => {
		expect(manager.check?.({ mechanisms: ["im"], askBefore: ["pager"] })).toEqual([
			"askBefore[0]: pager is not one of the mechanisms",
		]);
	});
}

describe.runIf(available("Python"))("escalate, as the program runs it", () => {
	const context = {
		message: testMessage(),
		recipient: { id: "jsmith", name: "John Smith", timezone: "UTC" },
		policy: [],
		settings,
	};

	test("works out the next effect from the past alone", async () => {
		const manager = await bench.manager();
		const first = await manager.next("d1", context, []);
		expect(first).toEqual({
			effect: "attempt",
			mechanisms: ["im"],
			mode: "serial",
			until: "acknowledged",
			within: 120_000,
		});
		const past = [
			{ effect: first as Effect, result: { results: [{ mechanism: "im", outcome: "accepted" as const }] } },
		];
		expect(await manager.next("another", context, past)).toMatchObject({ mechanisms: ["email"] });
	});

	test("notices that it would now have done otherwise", async () => {
		const manager = await bench.manager();
		const past: PastEffect[] = [{ effect: { effect: "note", text: "an earlier version wrote this" } }];
		await expect(manager.next("d1", context, past)).rejects.toThrow(
			/escalate 1\.0\.0 is not deterministic: effect 1 was \{.*note.*\}, and is now \{.*attempt/,
		);
	});
});
