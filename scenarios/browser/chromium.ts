/** The browser that the tests look through, and the three ways in which they look. */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { findBinary } from "@posthaste/real-servers";
import { type Browser, chromium, type Page } from "playwright-core";

const shots = fileURLToPath(new URL("./screenshots/", import.meta.url));

/** A page on a test machine talks to its own server and to nobody else. */
const flags = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

/** A loaded machine may take its time. */
export const patient = { timeout: 15_000 };

export const looks = [
	{ name: "light", colorScheme: "light", viewport: { width: 1440, height: 1000 } },
	{ name: "dark", colorScheme: "dark", viewport: { width: 1440, height: 1000 } },
	{ name: "phone", colorScheme: "light", viewport: { width: 390, height: 844 } },
] as const;

export async function launchBrowser(): Promise<Browser> {
	await mkdir(shots, { recursive: true });
	return chromium.launch({ executablePath: findBinary("chromium") ?? "chromium", args: flags });
}

/** Keeps what a person sees of the whole page. */
export async function shoot(page: Page, name: string): Promise<void> {
	await page.evaluate("window.scrollTo(0, 0)");
	await page.screenshot({ path: `${shots}${name}.png`, fullPage: true });
}

/** How many pixels of the page lie to the right of the window; people do not look there. */
export function sidewaysOverflow(page: Page): Promise<number> {
	return page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
}
