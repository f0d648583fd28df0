/** The plugins in Python in the running program: installed by command, used, killed, and honest about it. */
import type { MessageDocument, PromptDocument } from "@posthaste/core";
import { available } from "@posthaste/real-servers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type PagerTerminal, startPagerTerminal } from "../../packages/posthaste/src/demo/pager-terminal.ts";
import { type NtfyServer, startNtfyServer } from "./test/ntfy-server.ts";
import { type Running, startProgram } from "./test/program.ts";

const folderOf = (plugin: string) => new URL(plugin, import.meta.url).pathname;

/** Whoever kills a plugin has to find it. */
const isLinux = process.platform === "linux";

describe.runIf(available("Python") && isLinux)("plugins in Python", () => {
	let program: Running;
	let ntfy: NtfyServer;
	let pager: PagerTerminal;

	beforeAll(async () => {
		[program, ntfy, pager] = await Promise.all([
			startProgram(),
			startNtfyServer(),
			startPagerTerminal({ pagers: ["5551234"] }),
		]);
		await program.command("plugins", "add", folderOf("ntfy"));
		await program.command("plugins", "add", folderOf("escalate"));
		await program.apply(configuration(ntfy.url, pager.url));
	});

	afterAll(() => Promise.all([program?.close(), ntfy?.close(), pager?.close()]));

	const isActive = () =>
		expect.poll(() => program.api("GET", "/v1/mechanisms/phone"), { timeout: 15_000 }).toMatchObject({ active: true });

	beforeEach(async () => {
		ntfy.answerAll();
		await isActive();
	});

	const send = (category: string, draft: object = {}) =>
		program.send({ to: ["jsmith"], from: "mary", body: `About ${category}`, properties: { category }, ...draft });
	const ended = (message: string) => program.until(message, () => false);

	test("a message arrives through the mechanism", async () => {
		const document = await ended(await send("next"));
		expect(ntfy.published).toMatchObject([{ topic: "jsmith", message: "About next", priority: 3 }]);
		expect(document.deliveries).toMatchObject([{ state: "reached", reason: "accepted" }]);
		expect(outcomes(document)).toEqual(["phone accepted 200 OK"]);
	});

	test("killed in the middle of a send, its outcome is unknown, and the delivery goes on as configured: next", async () => {
		const message = await killedInTheMiddle("next");
		const document = await ended(message);
		expect(outcomes(document)).toEqual([`phone unknown ${killed}`, expect.stringMatching(/^pager accepted /)]);
		expect(pager.pages().at(-1)).toMatchObject({ text: "About next" });
		expect(document.deliveries).toMatchObject([{ state: "reached" }]);
	});

	test("or resend: once more where the plugin is back in time, and otherwise past it", async () => {
		const before = ntfy.published.length;
		const message = await killedInTheMiddle("resend");
		ntfy.answerAll();
		const document = await ended(message);
		const [first, last] = outcomes(document);
		expect(first).toBe(`phone unknown ${killed}`);
		const came = ntfy.published.slice(before).map(({ message }) => message);
		const passedOver = document.deliveries[0]?.journal.some(({ type }) => type === "passed-over");
		expect(last).toMatch(passedOver ? /^pager accepted / : /^phone accepted 200 OK$/);
		expect(came).toEqual(passedOver ? ["About resend"] : ["About resend", "About resend"]);
		expect(document.deliveries).toMatchObject([{ state: "reached" }]);
	});

	test("or hold: a person has it sent once more when the plugin is back, as the same attempt", async () => {
		const before = ntfy.published.length;
		const message = await killedInTheMiddle("hold");
		const held = await program.until(message, ({ deliveries }) => deliveries[0]?.state === "held");
		expect(held.deliveries).toMatchObject([{ state: "held", reason: "unknown-held" }]);
		ntfy.answerAll();
		await isActive();
		await program.api("POST", `/v1/deliveries/${held.deliveries[0]?.id}/resolve`, { resolution: "resend" });
		const document = await ended(message);
		expect(outcomes(document)).toEqual([`phone unknown ${killed}`, "phone accepted 200 OK"]);
		const tries = document.deliveries[0]?.journal.flatMap((entry) => (entry.type === "attempt" ? [entry] : [])) ?? [];
		expect(tries.map((entry) => entry.try)).toEqual([1, 2]);
		expect(new Set(tries.map(({ attempt }) => attempt)).size).toBe(1);
		expect(ntfy.published.slice(before).map(({ message }) => message)).toEqual(["About hold", "About hold"]);
	});

	test("the manager asks, is killed, and goes on from what came before", async () => {
		const message = await send("escalate", { manager: "careful" });
		const asked = await program.until(message, ({ deliveries }) => deliveries[0]?.state === "waiting");
		expect(asked.deliveries[0]?.manager).toMatchObject({ plugin: "escalate", version: "1.0.0" });
		await program.killPlugin("manager.py");
		const { items } = await program.api<{ items: PromptDocument[] }>("GET", `/v1/prompts?message=${message}`);
		expect(items).toMatchObject([{ question: "Reach John Smith by phone?" }]);
		await program.api("POST", `/v1/prompts/${items[0]?.id}/answer`, { answer: "yes" });
		const document = await ended(message);
		expect(outcomes(document)).toEqual(["phone accepted 200 OK"]);
		expect(document.deliveries).toMatchObject([{ state: "reached" }]);
	});

	test("settings that the manager complains about are refused", async () => {
		const wrong = {
			use: "escalate",
			configurations: [{ name: "a", settings: { mechanisms: ["phone"], askBefore: ["im"] } }],
		};
		await expect(program.api("PUT", "/v1/managers/wrong", wrong)).rejects.toThrow(
			/askBefore\[0\].*im is not one of the mechanisms/,
		);
	});

	const killed = "the plugin ended before it answered: the command ended with SIGKILL";

	async function killedInTheMiddle(category: string): Promise<string> {
		const before = ntfy.published.length;
		ntfy.fallSilent();
		const message = await send(category);
		await ntfy.came(before + 1);
		await program.killPlugin("mechanism.py");
		await program.until(message, (document) => outcomes(document).length > 0);
		return message;
	}
});

/** `mechanism outcome evidence` of each try, in order; not those that could not be made. */
function outcomes({ deliveries }: MessageDocument): readonly string[] {
	return deliveries.flatMap(({ journal }) =>
		journal.flatMap((entry) =>
			entry.type === "outcome" && entry.outcome !== "failed"
				? [`${entry.mechanism} ${entry.outcome} ${entry.evidence}`]
				: [],
		),
	);
}

function configuration(ntfy: string, pager: string): string {
	const rows = (["next", "resend", "hold"] as const).map(
		(unknown) => `
      - name: ${unknown}
        when: message.category == "${unknown}"
        unknown: ${unknown}
        settings: { steps: [ { attempt: [phone, pager], within: 30s } ] }`,
	);
	return `
mechanisms:
  phone: { use: ntfy-py, settings: { server: "${ntfy}" } }
  pager: { use: snpp, settings: { url: "${pager}" } }
managers:
  standard:
    use: sequence
    configurations:${rows.join("")}
  careful:
    use: escalate
    configurations:
      - name: all
        settings: { mechanisms: [phone, pager], askBefore: [phone], until: accepted }
selection:
  - { manager: standard }
users:
  jsmith:
    name: John Smith
    mechanisms:
      - { mechanism: phone, address: { topic: jsmith } }
      - { mechanism: pager, address: { pager: "5551234" } }
`;
}
