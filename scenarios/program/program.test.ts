/** The scenarios once more, over the running program and real protocols. Only lengths of time are shortened. */
import type { MessageDocument } from "@posthaste/core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Program, startProgram, type Window } from "./program.ts";

const configuration = ({ mail, pager }: { mail: string; pager: string }) => `
mechanisms:
  im2:   { use: web }
  email: { use: email, settings: { url: "${mail}", from: posthaste@example.com } }
  pager: { use: snpp, settings: { url: "${pager}" } }
managers:
  standard:
    use: sequence
    configurations:
      - name: urgent
        when: message.priority == "urgent"
        settings: { steps: [ { attempt: [im2, pager], mode: parallel, until: acknowledged, within: 2m } ] }
      - name: hasty
        when: message.category == "hasty"
        settings:
          steps:
            - { attempt: [im2], until: delivered, within: 1s }
            - { ask: "Page {recipient.name}?", within: 1s, otherwise: no }
            - { attempt: [pager] }
      - name: normal
        settings:
          steps:
            - { attempt: [im2], until: delivered, within: 30s }
            - { ask: "{recipient.name} is not available on IM. Send a page?", within: 5m, otherwise: no }
            - { attempt: [pager] }
selection:
  - { manager: standard }
users:
  jsmith:
    name: John Smith
    timezone: America/New_York
    mechanisms:
      - { mechanism: im2, address: { inbox: jsmith } }
      - { mechanism: email, address: { email: jsmith@example.com } }
      - { mechanism: pager, address: { pager: "5551234" } }
  adoe:
    name: Ann Doe
    mechanisms:
      - { mechanism: email, address: { email: adoe@example.com } }
`;

let program: Program;
let text = "";
let window: Window | undefined;
beforeAll(async () => {
	program = await startProgram((urls) => {
		text = configuration(urls);
		return text;
	});
});
// The socket's end takes a moment to arrive; a message sent before that would rightly go to the window.
afterEach(async () => {
	if (window !== undefined) {
		window.signOut();
		window = undefined;
		await program.gone();
	}
});
afterAll(() => program.close());

const only = ({ deliveries }: MessageDocument) => {
	const [delivery] = deliveries;
	if (delivery === undefined) {
		throw new Error("the message has no delivery");
	}
	return delivery;
};
const pagesWith = (body: string) => program.pager.pages().filter((page) => page.text.includes(body));

test("(a) John on IM is reached by IM; pager and email stay untouched", async () => {
	window = await program.signIn();
	const message = await program.send({ body: "a: by IM" });
	expect(only(await program.ended(message))).toMatchObject({ state: "reached", reason: "receipt" });
	expect(window.shown.map(({ body }) => body)).toEqual(["a: by IM"]);
	expect(pagesWith("a: by IM")).toHaveLength(0);
	expect(program.mail.mails()).toHaveLength(0);
});

test("(b) John off IM: the sender is asked, says yes, the page arrives at the SNPP server", async () => {
	const message = await program.send({ body: "b: by page" });
	const prompt = await program.question(message);
	expect(prompt.question).toBe("John Smith is not available on IM. Send a page?");
	expect(await program.answer(prompt, "yes")).toBe(204);
	expect(only(await program.ended(message))).toMatchObject({ state: "reached", reason: "accepted" });
	expect(pagesWith("b: by page")).toHaveLength(1);
	expect(await program.answer(prompt, "yes")).toBe(409);
});

test("(c) no: unreached; no answer: unreached; and no page either time", async () => {
	const refused = await program.send({ body: "c: no" });
	await program.answer(await program.question(refused), "no");
	expect(only(await program.ended(refused))).toMatchObject({ state: "unreached", reason: "sender-declined" });
	const unanswered = await program.send({ body: "c: silence", properties: { category: "hasty" } });
	expect(only(await program.ended(unanswered))).toMatchObject({ state: "unreached", reason: "no-answer" });
	expect(pagesWith("c: ")).toHaveLength(0);
});

test("(d) urgent: IM and pager at once, and an acknowledgement ends it", async () => {
	window = await program.signIn();
	const message = await program.send({ body: "d: urgent", properties: { priority: "urgent" } });
	await program.until(
		message,
		(document) => only(document).journal.filter(({ type }) => type === "outcome").length === 2,
	);
	expect(window.shown).toHaveLength(1);
	expect(pagesWith("d: urgent")).toHaveLength(1);
	window.acknowledge();
	expect(only(await program.ended(message))).toMatchObject({
		state: "reached",
		reason: "acknowledged",
		configuration: { name: "urgent" },
	});
});

test("(e) email is in John's table and active and never attempted, with the reason", async () => {
	const { body } = await program.api<{ deliveries: { deliveryPolicy: object[] }[] }>("POST", "/v1/explain", {
		to: ["jsmith"],
		from: "mary",
		body: "e",
	});
	expect(body.deliveries[0]?.deliveryPolicy).toContainEqual(
		expect.objectContaining({ mechanism: "email", kept: false, reason: "not-in-configuration" }),
	);
	expect(program.mail.mails()).toHaveLength(0);
});

test("(f) a mechanism stopped a moment ago is out of the routing policy", async () => {
	expect((await program.api("POST", "/v1/mechanisms/im2/disable")).status).toBe(200);
	const message = await program.send({ body: "f", properties: { prompts: "no" } });
	const { routingPolicy } = only(await program.ended(message));
	expect(routingPolicy).toContainEqual(expect.objectContaining({ mechanism: "im2", kept: false, reason: "disabled" }));
	await program.api("POST", "/v1/mechanisms/im2/enable");
});

test("(g) a message expires while it waits: expired, and nothing is sent later", async () => {
	const message = await program.send({ body: "g: expired", properties: { expires: "1s" } });
	const prompt = await program.question(message);
	expect(only(await program.ended(message))).toMatchObject({ state: "expired" });
	expect(await program.answer(prompt, "yes")).toBe(409);
	expect(pagesWith("g: expired")).toHaveLength(0);
});

test("(h) the sender's standing answer: no question is asked", async () => {
	const message = await program.send({ body: "h: standing", properties: { prompts: "yes" } });
	const { journal } = only(await program.ended(message));
	expect(journal.map(({ type }) => type)).not.toContain("prompt");
	expect(pagesWith("h: standing")).toHaveLength(1);
});

test("(i) several recipients, a delivery each, one failing without touching the other", async () => {
	window = await program.signIn();
	const message = await program.send({ to: ["jsmith", "adoe"], body: "i", properties: { prompts: "no" } });
	const { deliveries } = await program.ended(message);
	expect(deliveries.map(({ recipient, state }) => [recipient, state])).toEqual([
		["jsmith", "reached"],
		["adoe", "unreached"],
	]);
});

describe("(j) the configuration changes while deliveries wait", () => {
	test("the delivery under way keeps its own, the next one has the new one, and a mistake changes nothing", async () => {
		const before = await program.send({ body: "j: before" });
		const prompt = await program.question(before);
		const bad = await program.api("PUT", "/v1/configuration?dryRun=true", {
			managers: { standard: { use: "nothing" } },
		});
		expect(bad.status).toBeGreaterThanOrEqual(400);
		const renamed = text.replace("- name: normal", "- name: changed");
		await program.rewriteConfiguration(renamed);
		await expect
			.poll(
				async () =>
					(
						await program.api<{ configurations: { name: string }[] }>("GET", "/v1/managers/standard")
					).body.configurations.at(-1)?.name,
			)
			.toBe("changed");
		const after = await program.send({ body: "j: after", properties: { prompts: "no" } });
		expect(only(await program.ended(after))).toMatchObject({ configuration: { name: "changed" } });
		await program.answer(prompt, "yes");
		expect(only(await program.ended(before))).toMatchObject({ state: "reached", configuration: { name: "normal" } });
	});
});

describe("(k) kill -9 and restart", () => {
	test("while waiting for an answer: it can still be given", async () => {
		const message = await program.send({ body: "k: answer" });
		const prompt = await program.question(message);
		await program.killAndRestart();
		expect(await program.answer(prompt, "yes")).toBe(204);
		expect(only(await program.ended(message))).toMatchObject({ state: "reached" });
		expect(pagesWith("k: answer")).toHaveLength(1);
	});

	test("while waiting for a receipt: it still counts", async () => {
		window = await program.signIn({ ignore: true });
		const message = await program.send({ body: "k: receipt" });
		await program.until(message, (document) => only(document).state === "waiting");
		await program.killAndRestart();
		window.signOut();
		window = await program.signIn();
		expect(only(await program.ended(message))).toMatchObject({ state: "reached", reason: "receipt" });
	});

	test("while waiting for time: it still runs out", async () => {
		const message = await program.send({ body: "k: time", properties: { category: "hasty" } });
		await program.question(message);
		await program.killAndRestart();
		expect(only(await program.ended(message))).toMatchObject({ state: "unreached", reason: "no-answer" });
	});
});
