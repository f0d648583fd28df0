/** (j) Everything can change at run time; it shows in the next message and in no delivery under way. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { reference } from "./reference.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
	world = await openWorld();
});
afterEach(() => world.close());

const mailOnly = {
	use: "sequence",
	configurations: [{ name: "mail", settings: { steps: [{ attempt: ["email"] }] } }],
};

test("a manager's configuration changes while a delivery waits for an answer", async () => {
	world.im.answers({ outcome: "unavailable" });
	const before = await world.send();
	await world.posthaste.managers.put("standard", mailOnly);
	const after = await world.send();
	expect(await world.delivery(after)).toMatchObject({ state: "reached", configuration: { name: "mail" } });

	const { items } = await world.posthaste.prompts.list();
	await world.posthaste.prompts.answer(items[0]?.id ?? "", "yes");
	await world.settle();
	expect(await world.delivery(before)).toMatchObject({ state: "reached", configuration: { name: "normal" } });
	expect(world.pager.sent).toHaveLength(1);
});

test("the whole configuration is replaced while deliveries wait, all or nothing", async () => {
	const before = await world.send();
	const bad = { ...reference, selection: [{ manager: "nobody" }] };
	await expect(world.posthaste.configuration.apply(bad)).rejects.toMatchObject({ code: "unknown-manager" });
	await world.posthaste.configuration.apply({
		...reference,
		managers: { other: mailOnly },
		selection: [{ manager: "other" }],
	});
	await world.im.receipt("delivered");
	await world.settle();
	expect(await world.delivery(before)).toMatchObject({ state: "reached", manager: { name: "standard" } });
	expect(await world.delivery(await world.send())).toMatchObject({ manager: { name: "other" } });
});

test("an address that is corrected while a delivery waits is used for its next attempt", async () => {
	world.im.answers({ outcome: "unavailable" });
	await world.send();
	const john = reference.users?.jsmith;
	if (john === undefined) {
		throw new Error("the reference configuration has no John");
	}
	const corrected = john.mechanisms.map((entry) =>
		entry.mechanism === "pager" ? { ...entry, address: { to: "5559999" } } : entry,
	);
	await world.posthaste.users.put("jsmith", { ...john, mechanisms: corrected });
	const { items } = await world.posthaste.prompts.list();
	await world.posthaste.prompts.answer(items[0]?.id ?? "", "yes");
	await world.settle();
	expect(world.pager.sent[0]?.address).toEqual({ to: "5559999" });
});

test("new settings of a mechanism start a new instance and let the old one go", async () => {
	expect(world.pager.open).toBe(1);
	await world.posthaste.mechanisms.put("pager", { use: "test-pager", settings: { note: "another terminal" } });
	await world.pass("1s");
	expect(world.pager.open).toBe(1);
});

describe("the recipient's own conditions", () => {
	const withEntry = async (entry: object) => {
		const john = reference.users?.jsmith;
		await world.posthaste.users.put("jsmith", {
			name: "John Smith",
			timezone: "America/New_York",
			mechanisms: (john?.mechanisms ?? []).map((one) => (one.mechanism === "im2" ? { ...one, ...entry } : one)),
		});
	};
	const policyOfIm = async (draft = {}) => {
		const { routingPolicy = [] } = await world.delivery(await world.send(draft));
		return routingPolicy.find((entry) => entry.mechanism === "im2");
	};

	test("quiet hours keep a mechanism out, and urgent comes through where he allows it", async () => {
		await withEntry({ quiet: { from: "11:00", to: "14:00", then: "skip", except: "urgent" } });
		expect(await policyOfIm()).toMatchObject({ kept: false, reason: "quiet-hours" });
		expect(await policyOfIm({ properties: { priority: "urgent" } })).toMatchObject({ kept: true });
		await world.pass("2h");
		expect(await policyOfIm()).toMatchObject({ kept: true });
	});

	test("quiet hours that wait hold the attempt until they end", async () => {
		await withEntry({ quiet: { from: "11:00", to: "12:30", then: "wait" } });
		const message = await world.send();
		expect(await world.story(message)).toEqual(["postponed im2"]);
		await world.pass("29m59s");
		expect(world.im.sent).toHaveLength(0);
		await world.pass("1s");
		expect(await world.story(message)).toEqual(["postponed im2", "attempt im2", "im2 accepted"]);
	});

	test("his own condition keeps a mechanism out", async () => {
		await withEntry({ when: 'message.category == "build"' });
		expect(await policyOfIm()).toMatchObject({ kept: false, reason: "recipient-condition" });
		expect(await policyOfIm({ properties: { category: "build" } })).toMatchObject({ kept: true });
	});
});
