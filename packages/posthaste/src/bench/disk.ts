/** What the disk itself can do, so that the other figures have something to stand beside. */
import { close, fdatasync, open, write } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** 4 KiB overwritten and synced, one after the other: the most durable commits a second without sharing. */
export async function measureDisk(folder: string, seconds: number): Promise<{ readonly syncsPerSecond: number }> {
	const file = await promisify(open)(join(folder, "fdatasync"), "w");
	const block = Buffer.alloc(4096, 1);
	const sync = promisify(fdatasync);
	const put = promisify(write) as (
		fd: number,
		data: Buffer,
		offset: number,
		length: number,
		at: number,
	) => Promise<unknown>;
	const start = performance.now();
	let count = 0;
	while (performance.now() - start < seconds * 1000) {
		await put(file, block, 0, block.length, 0);
		await sync(file);
		count += 1;
	}
	const elapsed = (performance.now() - start) / 1000;
	await promisify(close)(file);
	return { syncsPerSecond: Math.round(count / elapsed) };
}
