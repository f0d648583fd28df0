/** Scenarios (a) and (b) on the demo page, in a real browser, with screenshots of what a person sees. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { available } from "@posthaste/real-servers";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser, looks, patient, shoot, sidewaysOverflow } from "./chromium.ts";

const binary = fileURLToPath(new URL("../../packages/posthaste/bin/posthaste.js", import.meta.url));

describe.runIf(available("Chromium"))("the demo page in Chromium", () => {
	let demo: ChildProcess;
	let url = "";
	let browser: Browser;

	beforeAll(async () => {
		demo = spawn(process.execPath, [binary, "demo", "--listen", "127.0.0.1:0", "--log-level", "error"], {
			stdio: ["ignore", "pipe", "inherit"],
		});
		const lines = createInterface({ input: demo.stdout as NonNullable<typeof demo.stdout> });
		const [line] = await once(lines, "line");
		url = /http:\S+/.exec(String(line))?.[0] ?? "";
		browser = await launchBrowser();
	});
	afterAll(async () => {
		await browser?.close();
		demo?.kill("SIGTERM");
		await once(demo, "exit");
	});

	test.for(looks)("(a) and (b), $name", { timeout: 60_000 }, async ({ name, colorScheme, viewport }) => {
		const context = await browser.newContext({ colorScheme, viewport });
		const page = await context.newPage();
		const errors: string[] = [];
		page.on("pageerror", (error) => errors.push(error.message));
		await page.goto(url);
		try {
			await expect.poll(() => page.getByTestId("device-im-status").textContent(), patient).toContain("Online");

			const seen = await send(page, `By instant message, ${name}`);
			await expect.poll(() => stateOf(page, seen), patient).toBe("reached");
			await expect
				.poll(() => page.getByTestId("im-message").last().textContent(), patient)
				.toContain(`By instant message, ${name}`);
			await shoot(page, `${name}-a-reached-by-im`);

			await page.getByTestId("device-im-switch").press("Space");
			await expect.poll(() => page.getByTestId("device-im-status").textContent(), patient).toContain("Offline");
			const paged = await send(page, `By page, ${name}`);
			await page.getByTestId("prompt-yes").waitFor();
			expect(await page.getByTestId("prompt").textContent()).toContain(
				"John Smith is not available on IM. Send a page?",
			);
			await shoot(page, `${name}-b-question`);
			await page.getByTestId("prompt-yes").press("Enter");
			await expect.poll(() => stateOf(page, paged), patient).toBe("reached");
			await expect.poll(() => page.getByTestId("device-pager").textContent(), patient).toContain(`By page, ${name}`);
			await shoot(page, `${name}-b-paged`);

			expect(await sidewaysOverflow(page), "the page scrolls sideways").toBeLessThanOrEqual(0);
			expect(errors).toEqual([]);
		} finally {
			await context.close();
		}
	});
});

/** Writes and sends a message through the form; answers its identifier. */
async function send(page: Page, body: string): Promise<string> {
	await page.getByTestId("from").fill("mary");
	await page.getByTestId("body").fill(body);
	const accepted = page.waitForResponse(
		(response) => response.url().endsWith("/v1/messages") && response.request().method() === "POST",
	);
	await page.getByTestId("send").click();
	const response = await accepted;
	expect(response.status()).toBe(202);
	return ((await response.json()) as { id: string }).id;
}

async function stateOf(page: Page, message: string): Promise<string | null> {
	return page
		.locator(`[data-message="${message}"]`)
		.getByTestId("state")
		.first()
		.getAttribute("data-state", { timeout: 5000 });
}
