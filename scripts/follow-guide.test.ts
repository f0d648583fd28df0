/**
 * Follows docs/guide/writing-plugins.md to the letter: everything that it tells authors to type is typed,
 * in order, in an empty folder, by somebody whose home is empty and who has no network.
 */
import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findBinary, freePort, scratchFolder } from "@posthaste/real-servers";
import { beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = "docs/guide/writing-plugins.md";

/** Milliseconds. It takes a quarter of this; the machine may be busy. */
const limit = 150_000;

const guide = await readFile(join(root, page), "utf8");
const boxes = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands = ""]) => commands);

interface Followed {
	readonly code: number | null;
	/** What the author saw. */
	readonly seen: string;
	/** What arrived at the service, one JSON document a line. */
	readonly received: readonly Record<string, unknown>[];
	/** Whether anything that was started still runs. */
	readonly leftRunning: boolean;
}

/** Types all of it, at one sitting. */
async function follow(): Promise<Followed> {
	const folder = await scratchFolder();
	try {
		const [home, work] = [join(folder.path, "home"), join(folder.path, "work")];
		await Promise.all([mkdir(home), mkdir(work)]);
		const script = join(folder.path, "typed.sh");
		await writeFile(script, boxes.join("\n"));
		const child = spawn("bash", ["-ex", script], {
			cwd: work,
			env: await environment(home),
			stdio: ["ignore", "pipe", "pipe"],
			// A group of its own, so that it can be ended with all that it started.
			detached: true,
		});
		let seen = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8").on("data", (text: string) => {
				seen += text;
			});
		}
		const late = setTimeout(() => endGroup(child.pid), limit);
		const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
		clearTimeout(late);
		const leftRunning = endGroup(child.pid);
		const text = await readFile(join(work, "my-plugins/received.txt"), "utf8").catch(() => "");
		const received = text
			.split("\n")
			.filter((line) => line !== "")
			.map((line) => JSON.parse(line));
		return { code, seen, received, leftRunning };
	} finally {
		await folder.remove();
	}
}

/** Nothing of whoever runs this test. The ports are the only thing that the guide leaves to be chosen. */
async function environment(home: string): Promise<Record<string, string>> {
	const server = `127.0.0.1:${await freePort()}`;
	const npm = findBinary("npm") ?? "";
	return {
		PATH: [join(root, "node_modules/.bin"), dirname(npm), "/usr/bin", "/bin"].join(":"),
		HOME: home,
		USER: "author",
		LANG: "C.UTF-8",
		npm_config_offline: "true",
		POSTHASTE_LISTEN: server,
		POSTHASTE_SERVER: `http://${server}`,
		SERVICE_PORT: String(await freePort()),
	};
}

/** Answers whether there was anything left to end. */
function endGroup(pid: number | undefined): boolean {
	try {
		process.kill(-(pid ?? Number.NaN), "SIGKILL");
		return true;
	} catch {
		return false;
	}
}

describe("the guide for authors of plugins, followed to the letter", () => {
	let followed: Followed;

	beforeAll(async () => {
		followed = await follow();
	}, limit + 10_000);

	test("tells what to type", () => {
		expect(boxes.length).toBeGreaterThan(8);
	});

	test("every command succeeds", () => {
		expect(followed.code, followed.seen).toBe(0);
	});

	test("messages arrive through the plugin that was made, in the version that is active", () => {
		const bodies = [...guide.matchAll(/^posthaste send .*--watch "(.*)"$/gm)].map(([, body]) => body);
		expect(bodies).toHaveLength(3);
		const changed = followed.received.map(({ body, application }) => [body, application]);
		expect(changed).toEqual([
			[bodies[0], undefined],
			[bodies[1], "posthaste"],
			// The version before is active again, and the manager is the author's own.
			[bodies[2], undefined],
		]);
		expect(followed.received.every(({ user, from }) => user === "john" && from === "operations")).toBe(true);
		expect(followed.seen.match(/✓ Reached through chat/g)).toHaveLength(3);
	});

	test("the author's own manager is what explains and delivers the last one", () => {
		expect(followed.seen).toMatch(/manager +standard \(escalate 0\.1\.0\)/);
		expect(followed.seen).toContain("try chat");
		expect(followed.seen).toContain("manager plugin escalate 0.1.0 is active");
	});

	test("nothing is left running", () => {
		expect(followed.leftRunning).toBe(false);
	});
});

test("every link within the guide leads somewhere", () => {
	const anchors = [...guide.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
		heading
			.toLowerCase()
			.replaceAll(/[^\w\s-]/g, "")
			.replaceAll(" ", "-"),
	);
	const links = [...guide.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
	expect(links.length).toBeGreaterThan(3);
	expect(links.filter((link) => !anchors.includes(link ?? ""))).toEqual([]);
});
