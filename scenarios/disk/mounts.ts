/** File systems of their own for tests of disks that are full or fail: they need root and Linux. */
import { execFileSync, spawnSync } from "node:child_process";
import {
	closeSync,
	mkdirSync,
	openSync,
	rmSync,
	statfsSync,
	statSync,
	truncateSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { findBinary, scratchFolder } from "@posthaste/real-servers";

export interface Mount {
	/** Where it is mounted. */
	readonly path: string;
	/** Takes the room that is left, but for so many bytes. */
	fill(leave?: number): void;
	/** Gives that room back. */
	free(): void;
	remove(): Promise<void>;
}

function mount(...args: readonly string[]): void {
	execFileSync(findBinary("mount") ?? "mount", args, { stdio: "pipe" });
}

/** Memory as a file system of so many bytes. */
export async function mountMemory(bytes: number): Promise<Mount> {
	const folder = await scratchFolder();
	mount("-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder.path);
	return mounted(folder.path, folder);
}

export interface Ext4 extends Mount {
	/** Reports an error to the file system, which then takes no more writes until it is mounted again. */
	fail(): void;
	/** Mounts it again, checked, as an administrator would. */
	repair(): void;
}

/** An ext4 file system in a file. */
export async function mountExt4(bytes: number): Promise<Ext4> {
	const folder = await scratchFolder();
	const image = join(folder.path, "image");
	writeFileSync(image, "");
	truncateSync(image, bytes);
	execFileSync(findBinary("mkfs.ext4") ?? "mkfs.ext4", ["-q", image]);
	const path = join(folder.path, "mounted");
	mkdirSync(path);
	const options = ["-o", "loop,errors=remount-ro", image, path];
	mount(...options);
	const device = execFileSync("findmnt", ["-no", "SOURCE", path], { encoding: "utf8" }).trim();
	return {
		...mounted(path, folder),
		fail: () => writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, "1"),
		repair() {
			execFileSync(findBinary("umount") ?? "umount", [path]);
			check(image);
			mount(...options);
		},
	};
}

/** Exit code 1 says that there was something to correct, and that it was. */
function check(image: string): void {
	const { status, stderr } = spawnSync(findBinary("e2fsck") ?? "e2fsck", ["-fy", image], { encoding: "utf8" });
	if (status !== 0 && status !== 1) {
		throw new Error(`e2fsck ended with ${status}: ${stderr}`);
	}
}

function mounted(path: string, folder: { remove(): Promise<void> }): Mount {
	const filler = join(path, "filler");
	return {
		path,
		fill: (leave = 0) => fill(path, filler, leave),
		free: () => rmSync(filler),
		async remove() {
			execFileSync(findBinary("umount") ?? "umount", [path]);
			await folder.remove();
		},
	};
}

/** Writes ever smaller pieces until not a byte more fits, and then gives some back. */
function fill(path: string, filler: string, leave: number): void {
	const file = openSync(filler, "a");
	try {
		for (let piece = 1024 * 1024; piece >= 512; ) {
			try {
				writeSync(file, Buffer.alloc(piece, 1));
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "ENOSPC") {
					throw error;
				}
				piece /= 2;
			}
		}
	} finally {
		closeSync(file);
	}
	const { bavail, bsize } = statfsSync(path);
	if (bavail * bsize > 0) {
		throw new Error(`${bavail * bsize} bytes are still free in ${path}`);
	}
	truncateSync(filler, statSync(filler).size - leave);
}

/** Sets or takes away the mark that makes a file of ext4 refuse writes, also through what has it open. */
export function setImmutable(file: string, immutable: boolean): void {
	execFileSync(findBinary("chattr") ?? "chattr", [immutable ? "+i" : "-i", file]);
}

async function reasonAgainst(make: () => Promise<Mount>): Promise<string | undefined> {
	if (process.platform !== "linux" || process.getuid?.() !== 0) {
		return "needs root on Linux";
	}
	try {
		await (await make()).remove();
		return undefined;
	} catch (error) {
		return `cannot mount here (${error instanceof Error ? error.message.split("\n").join(" ") : error})`;
	}
}

/** For `describe.runIf`. Says why not, and fails where everything is required. */
async function possible(what: string, make: () => Promise<Mount>): Promise<boolean> {
	const reason = await reasonAgainst(make);
	if (reason === undefined) {
		return true;
	}
	if (process.env.POSTHASTE_TEST_SERVERS === "required") {
		throw new Error(`tests on ${what}: ${reason}`);
	}
	process.stdout.write(`Skipped on this machine: tests on ${what}: ${reason}\n`);
	return false;
}

export const canMountMemory = () => possible("a disk of memory", () => mountMemory(1024 * 1024));
export const canMountExt4 = () => possible("a disk of ext4", () => mountExt4(16 * 1024 * 1024));
