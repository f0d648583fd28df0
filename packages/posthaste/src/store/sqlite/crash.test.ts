/** What other processes and sudden ends may do to the store: nothing. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStore } from "./index.ts";

let folder: string;
let writer: Writer | undefined;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "posthaste-crash-"));
});
afterEach(async () => {
	await writer?.kill();
	await rm(folder, { recursive: true, force: true });
});

/** The program of crash-writer.ts, and the lines it has said. */
class Writer {
	readonly lines: string[] = [];
	readonly pid: number;
	readonly #child: ChildProcessByStdio<Writable, Readable, null>;
	readonly #ended: Promise<unknown>;

	constructor() {
		const program = fileURLToPath(new URL("./crash-writer.ts", import.meta.url));
		this.#child = spawn(process.execPath, [program, folder], { stdio: ["pipe", "pipe", "inherit"] });
		this.pid = this.#child.pid as number;
		this.#ended = once(this.#child, "close");
	}

	/** Resolves when it has said so many lines. */
	async said(count: number): Promise<void> {
		for await (const line of createInterface(this.#child.stdout)) {
			this.lines.push(line);
			if (this.lines.length >= count) {
				break;
			}
		}
		// What it says from here on is still an acknowledgement; a line cut short by the end is not.
		let rest = "";
		this.#child.stdout.on("data", (chunk: Buffer) => {
			rest += chunk.toString();
		});
		this.#child.once("close", () => this.lines.push(...rest.split("\n").slice(0, -1)));
		this.#child.stdout.resume();
	}

	async kill(): Promise<void> {
		this.#child.kill("SIGKILL");
		await this.#ended;
	}
}

/** Sequences acknowledged for each delivery, from lines such as `2 DELIVERY`. */
function acknowledged(lines: readonly string[]): ReadonlyMap<string, number> {
	const sequences = new Map<string, number>();
	for (const line of lines) {
		const [, sequence, delivery] = /^(\d) (\S{36}\.1)$/.exec(line) ?? [];
		if (delivery !== undefined) {
			sequences.set(delivery, Math.max(Number(sequence), sequences.get(delivery) ?? 0));
		}
	}
	return sequences;
}

describe("kill -9 in the middle of writing", () => {
	it("loses nothing that was acknowledged, again and again over the same data", async () => {
		const sequences = new Map<string, number>();
		for (let round = 0; round < 3; round += 1) {
			writer = new Writer();
			await writer.said(2000 + round * 700);
			await writer.kill();
			for (const [delivery, sequence] of acknowledged(writer.lines)) {
				sequences.set(delivery, sequence);
			}
			const store = await openSqliteStore({ folder, thread: "inline" });
			const loaded = await store.loadDeliveries([...sequences.keys()]);
			const lost = [...sequences].filter(([, sequence], index) => (loaded[index]?.row.sequence ?? -1) < sequence);
			const torn = loaded.filter((delivery) => delivery?.journal.length !== delivery?.row.sequence);
			await store.close();
			expect(lost).toEqual([]);
			expect(torn).toEqual([]);
		}
		expect(sequences.size).toBeGreaterThan(2000);
	});
});

describe("a second process", () => {
	it("is refused, by the first one's number, until the first has ended", async () => {
		writer = new Writer();
		await writer.said(1);
		for (const thread of ["worker", "inline"] as const) {
			await expect(openSqliteStore({ folder, thread })).rejects.toMatchObject({
				code: "data-in-use",
				message: expect.stringContaining(`in use by another Posthaste (process ${writer.pid})`),
			});
		}
		await writer.kill();
		const store = await openSqliteStore({ folder, thread: "worker" });
		await store.close();
	});
});
