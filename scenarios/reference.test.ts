import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openWorld, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
	world = await openWorld();
});
afterEach(() => world.close());

const question = "John Smith is not available on IM. Send a page?";

async function onlyPrompt() {
	const { items } = await world.posthaste.prompts.list();
	expect(items).toHaveLength(1);
	const [prompt] = items;
	if (prompt === undefined) {
		throw new Error("no question is open");
	}
	return prompt;
}

describe("John on IM", () => {
	test("(a) is reached by IM; pager and email stay untouched", async () => {
		const message = await world.send();
		await world.im.receipt("delivered");
		await world.settle();

		expect(await world.story(message)).toEqual(["attempt im2", "im2 accepted", "im2 delivered", "reached: receipt"]);
		expect(world.im.sent).toHaveLength(1);
		expect(world.pager.sent).toHaveLength(0);
		expect(world.email.sent).toHaveLength(0);
	});

	test("(e) email is in his table and active, and is never attempted, with the reason", async () => {
		const message = await world.send();
		const { routingPolicy, deliveryPolicy } = await world.delivery(message);
		expect(routingPolicy).toContainEqual({ mechanism: "email", kind: "email", kept: true });
		expect(deliveryPolicy).toContainEqual({
			mechanism: "email",
			kind: "email",
			kept: false,
			reason: "not-in-configuration",
		});
		await world.pass("1h");
		expect(world.email.sent).toHaveLength(0);
	});
});

describe("John off IM", () => {
	beforeEach(() => world.im.answers({ outcome: "unavailable", evidence: "nobody is signed in" }));

	test("(b) the sender is asked, says yes, and the page goes out", async () => {
		const message = await world.send();
		const prompt = await onlyPrompt();
		expect(prompt).toMatchObject({ sender: "mary", recipient: "jsmith", question, otherwise: "no" });
		expect(world.pager.sent).toHaveLength(0);

		await world.posthaste.prompts.answer(prompt.id, "yes", "mary");
		await world.settle();

		expect(await world.story(message)).toEqual([
			"attempt im2",
			"im2 unavailable",
			`asked: ${question}`,
			"answered",
			"yes by sender",
			"attempt pager",
			"pager accepted",
			"reached: accepted",
		]);
		expect(world.pager.sent[0]?.address).toEqual({ to: "5551234" });
		expect((await world.posthaste.prompts.list()).items).toHaveLength(0);
	});

	test("(c) no: unreached, and no page", async () => {
		const message = await world.send();
		await world.posthaste.prompts.answer((await onlyPrompt()).id, "no");
		await world.settle();
		expect(await world.delivery(message)).toMatchObject({ state: "unreached", reason: "sender-declined" });
		expect(world.pager.sent).toHaveLength(0);
	});

	test("(c) no answer: unreached after five minutes, and no page", async () => {
		const message = await world.send();
		await world.pass("4m59s");
		expect(await world.delivery(message)).toMatchObject({ state: "waiting" });
		await world.pass("1s");
		expect(await world.delivery(message)).toMatchObject({ state: "unreached", reason: "no-answer" });
		expect(world.pager.sent).toHaveLength(0);
	});

	test("a question can be answered once", async () => {
		await world.send();
		const prompt = await onlyPrompt();
		await world.posthaste.prompts.answer(prompt.id, "no");
		await expect(world.posthaste.prompts.answer(prompt.id, "yes")).rejects.toMatchObject({ code: "already-answered" });
		await expect(world.posthaste.prompts.answer(`${prompt.id}9`, "yes")).rejects.toMatchObject({ code: "not-found" });
	});

	test("(g) the message expires while it waits for the answer, and nothing is sent later", async () => {
		const message = await world.send({ properties: { expires: "2m" } });
		await world.pass("2m");
		expect(await world.delivery(message)).toMatchObject({ state: "expired", reason: "message-expired" });
		expect((await world.posthaste.prompts.list()).items).toHaveLength(0);
		await world.pass("1h");
		expect(world.pager.sent).toHaveLength(0);
	});

	test("(h) the sender's standing answer: yes pages without a question", async () => {
		const message = await world.send({ properties: { prompts: "yes" } });
		expect(await world.delivery(message)).toMatchObject({ state: "reached" });
		expect(world.pager.sent).toHaveLength(1);
		expect(await world.story(message)).toContain("yes by standing-answer");
		expect(await world.story(message)).not.toContain(`asked: ${question}`);
	});

	test("(h) the sender's standing answer: no ends it without a question", async () => {
		const message = await world.send({ properties: { prompts: "no" } });
		expect(await world.delivery(message)).toMatchObject({ state: "unreached", reason: "sender-declined" });
		expect(world.pager.sent).toHaveLength(0);
	});
});

describe("receipts count whenever they come", () => {
	test("John reads the IM while the sender is being asked: the question is withdrawn and no page is sent", async () => {
		const message = await world.send();
		await world.pass("30s");
		const prompt = await onlyPrompt();
		await world.im.receipt("read");
		await world.settle();
		expect(await world.delivery(message)).toMatchObject({ state: "reached", reason: "receipt" });
		await expect(world.posthaste.prompts.answer(prompt.id, "yes")).rejects.toMatchObject({ code: "already-answered" });
		expect(world.pager.sent).toHaveLength(0);
	});

	test("a receipt after the end raises unreached to reached", async () => {
		const message = await world.send();
		await world.pass("30s");
		await world.posthaste.prompts.answer((await onlyPrompt()).id, "no");
		await world.im.receipt("delivered");
		await world.settle();
		expect(await world.delivery(message)).toMatchObject({ state: "reached", reason: "late-receipt" });
	});
});

describe("(d) urgent", () => {
	test("IM and pager at once, and an acknowledgement ends it and takes back what else was shown", async () => {
		const message = await world.send({ properties: { priority: "urgent" } });
		expect(await world.delivery(message)).toMatchObject({ state: "waiting", configuration: { name: "urgent" } });
		expect(world.im.sent).toHaveLength(1);
		expect(world.pager.sent).toHaveLength(1);

		await world.im.receipt("read");
		await world.settle();
		expect(await world.delivery(message)).toMatchObject({ state: "waiting" });

		await world.pager.receipt("acknowledged");
		await world.settle();
		expect(await world.delivery(message)).toMatchObject({ state: "reached", reason: "acknowledged" });
		expect(world.im.retracted).toEqual([world.im.sent[0]?.id]);
	});

	test("nobody acknowledges: unreached after two minutes", async () => {
		const message = await world.send({ properties: { priority: "urgent" } });
		await world.pass("2m");
		expect(await world.delivery(message)).toMatchObject({ state: "unreached", reason: "exhausted" });
	});
});

describe("(f) a mechanism that stopped a moment ago", () => {
	test("is out of the routing policy, and the next message goes around it", async () => {
		await world.posthaste.mechanisms.disable("im2");
		const message = await world.send();
		const { routingPolicy } = await world.delivery(message);
		expect(routingPolicy).toContainEqual({ mechanism: "im2", kind: "im", kept: false, reason: "disabled" });
		expect(await world.story(message)).toEqual(["passed over im2: disabled", `asked: ${question}`]);
	});

	test("is passed over by a delivery that began before, and used when it is back in time", async () => {
		world.im.answers({ outcome: "unavailable" });
		const stopped = await world.send();
		const back = await world.send();
		const { items } = await world.posthaste.prompts.list();
		world.pager.health(false, "the terminal does not answer");
		await world.posthaste.prompts.answer(items[0]?.id ?? "", "yes");
		await world.settle();
		expect(await world.story(stopped)).toContain("passed over pager: inactive");
		expect(await world.delivery(stopped)).toMatchObject({ state: "unreached", reason: "exhausted" });

		world.pager.health(true);
		await world.posthaste.prompts.answer(items[1]?.id ?? "", "yes");
		await world.settle();
		expect(await world.delivery(back)).toMatchObject({ state: "reached" });
	});
});

test("(i) several recipients: a delivery each, one failing without touching the other", async () => {
	world.im.answers((attempt) => ({ outcome: attempt.recipient.id === "adoe" ? "accepted" : "unavailable" }));
	const message = await world.send({ to: ["jsmith", "adoe"], properties: { prompts: "no" } });
	await world.im.receipt("delivered", `${message.id}.2.a1`);
	await world.settle();
	expect(await world.delivery(message, "jsmith")).toMatchObject({ state: "unreached" });
	expect(await world.delivery(message, "adoe")).toMatchObject({ state: "reached" });
});

test("cancelling ends the delivery, withdraws the question and takes back what was shown", async () => {
	const message = await world.send();
	await world.pass("30s");
	await world.posthaste.messages.cancel(message.id, "mary");
	await world.settle();
	expect(await world.delivery(message)).toMatchObject({ state: "cancelled" });
	expect(world.im.retracted).toHaveLength(1);
	expect((await world.posthaste.prompts.list()).items).toHaveLength(0);
	await expect(world.posthaste.messages.cancel(message.id)).rejects.toMatchObject({ code: "already-final" });
});
