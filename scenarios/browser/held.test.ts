/** The operator's page in a real browser: held deliveries are found whatever came after them, and so is any message. */
import { available } from "@posthaste/real-servers";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launchBrowser, looks, patient, shoot, sidewaysOverflow } from "./chromium.ts";
import { type OperatedProgram, startOperatedProgram } from "./operator.ts";

describe.runIf(available("Chromium"))("the operator's page in Chromium", { timeout: 60_000 }, () => {
	let browser: Browser;
	let program: OperatedProgram;
	let page: Page;

	beforeAll(async () => {
		browser = await launchBrowser();
		program = await startOperatedProgram();
	});
	afterAll(async () => {
		await browser?.close();
		await program?.close();
	});

	beforeEach(async () => {
		page = await browser.newPage(looks[0]);
		page.setDefaultTimeout(patient.timeout);
	});
	afterEach(async () => {
		await page?.close();
		await program.cancelHeld();
		await program.reach("All is well again");
	});

	const held = () => page.getByTestId("held-delivery");
	const stateOf = async (message: string) => (await program.get(message)).deliveries[0]?.state;
	const reasonOf = async (message: string) => (await program.get(message)).deliveries[0]?.reason;
	const opened = () => page.getByTestId("message-page");

	test("says nothing about held deliveries while there are none, and shows one as soon as there is", async () => {
		await program.sendOthers(1);
		await page.goto(program.url);
		await page.getByTestId("message").waitFor();
		expect(await page.getByTestId("held").count()).toBe(0);
		await program.hold("The disk is full");
		await page.getByRole("heading", { name: "Held (1)" }).waitFor();
	});

	test("finds a held delivery below sixty newer messages, and releases it", async () => {
		const message = await program.hold("The disk is full");
		await program.sendOthers(60);
		await page.goto(program.url);
		await page.getByRole("heading", { name: "Held (1)" }).waitFor();
		const text = await held().textContent();
		expect(text).toContain("The disk is full");
		expect(text).toContain("John Smith");
		expect(text).toContain("An attempt's outcome is unknown and the configuration wants a person to decide.");
		expect(text).toContain("pager: ");

		program.pagerRecovers();
		await held().getByRole("button", { name: "Send it again" }).press("Enter");
		await page.getByTestId("held").waitFor({ state: "detached" });
		await expect.poll(() => stateOf(message), patient).toBe("reached");
		expect(await page.evaluate("document.activeElement.id"), "the keyboard is lost").toBe("messages");
	});

	test("lets a held delivery go on with what comes next, and ends one", async () => {
		const first = await program.hold("The disk is full");
		const second = await program.hold("The fan stands still");
		await page.goto(program.url);
		await held().filter({ hasText: "disk" }).getByRole("button", { name: "Go on with what comes next" }).click();
		await page.getByRole("heading", { name: "Held (1)" }).waitFor();
		await held().filter({ hasText: "fan" }).getByRole("button", { name: "End the delivery" }).click();
		await page.getByTestId("held").waitFor({ state: "detached" });
		await expect.poll(() => reasonOf(first), patient).toBe("unknown-outcome");
		await expect.poll(() => reasonOf(second), patient).toBe("ended-by-person");
	});

	test("shows a few held deliveries at first, and the others on request", async () => {
		for (let number = 1; number <= 6; number++) {
			await program.hold(`The disk is full, ${number}`);
			await program.reach("The fan runs again");
		}
		await page.goto(program.url);
		await page.getByRole("heading", { name: "Held (6)" }).waitFor();
		expect(await held().count()).toBe(5);
		await page.getByRole("button", { name: "More held deliveries" }).click();
		await expect.poll(() => held().count(), patient).toBe(6);
		expect(await page.getByRole("button", { name: "More held deliveries" }).count()).toBe(0);
	});

	test("opens an old message at its own address, from the held ones, and the browser goes back", async () => {
		const message = await program.hold("The disk is full");
		await program.sendOthers(60);
		await page.goto(program.url);
		await page.getByTestId("body").fill("Half a thought");
		await held().getByRole("link", { name: "The disk is full" }).press("Enter");
		await opened().getByTestId("journal").waitFor();
		expect(page.url()).toBe(`${program.url}/messages/${message}`);
		expect(await page.evaluate("document.activeElement.dataset.testid")).toBe("message-page");
		await page.goBack();
		await opened().waitFor({ state: "detached" });
		expect(page.url()).toBe(`${program.url}/`);
		expect(await page.getByTestId("body").inputValue(), "what was being written is lost").toBe("Half a thought");
		expect(await page.evaluate("document.activeElement.textContent")).toBe("The disk is full");
	});

	test("opens an old message at its own address, tells its story on, and leads to all the others", async () => {
		const message = await program.hold("The disk is full");
		await program.sendOthers(60);
		await page.goto(`${program.url}/messages/${message}`);
		await opened().getByRole("heading", { name: "The disk is full" }).waitFor();
		expect(await page.title()).toBe("Message · Posthaste");
		await opened().getByTestId("resolve-end").click();
		await expect
			.poll(() => opened().getByTestId("journal").textContent(), patient)
			.toContain("a person ended the held delivery");
		await page.getByRole("link", { name: "All messages" }).click();
		await expect.poll(() => page.getByTestId("message").count(), patient).toBe(20);
		expect(await page.getByTestId("held").count()).toBe(0);
	});

	test("leads from a message in the list to its own address", async () => {
		await program.sendOthers(2);
		await page.goto(program.url);
		const older = page.getByTestId("message").nth(1);
		const id = await older.getAttribute("data-message");
		await older.getByRole("link").click();
		await opened().getByRole("heading", { name: "Nothing to worry about, 1" }).waitFor();
		expect(page.url()).toBe(`${program.url}/messages/${id}`);
	});

	test("says so when there is no message at the address", async () => {
		await page.goto(`${program.url}/messages/0199aaaa-0000-7000-8000-000000000000`);
		await page.getByRole("heading", { name: "There is no such message" }).waitFor();
	});

	test.for(looks)("fits the window, $name", async ({ name, colorScheme, viewport }) => {
		const message = await program.hold("The disk is full");
		await program.hold("The backup of a machine with a rather long name did not begin, and nobody knows why");
		await program.sendOthers(3);
		const context = await browser.newContext({ colorScheme, viewport });
		try {
			const look = await context.newPage();
			await look.goto(program.url);
			await look.getByTestId("held-delivery").nth(1).waitFor();
			await shoot(look, `${name}-held`);
			expect(await sidewaysOverflow(look), "the page scrolls sideways").toBeLessThanOrEqual(0);
			await look.goto(`${program.url}/messages/${message}`);
			await look.getByTestId("journal").waitFor();
			await shoot(look, `${name}-message`);
			expect(await sidewaysOverflow(look), "the message scrolls sideways").toBeLessThanOrEqual(0);
			await look.goto(`${program.url}/messages/none`);
			await look.getByRole("heading", { name: "There is no such message" }).waitFor();
			await shoot(look, `${name}-no-message`);
		} finally {
			await context.close();
		}
	});
});
