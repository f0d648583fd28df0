/**
 * Watches a configuration file. The folder is watched and not the file, since editors and deployment
 * tools replace files, and even links to folders, instead of writing into them. Where the system cannot
 * tell of changes, as on some network disks, looking at the file every few seconds finds them.
 */
import { type FSWatcher, watch } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Milliseconds } from "@posthaste/core";

export interface WatchOptions {
	/** How long nothing may happen before a change counts; 100 ms when left out. */
	readonly settle?: Milliseconds;
	/** How often the file is looked at in any case; 5 seconds when left out. */
	readonly poll?: Milliseconds;
	/** Whether the system is asked to tell of changes; without it only looking finds them. */
	readonly events?: boolean;
	/** The text that is known already; the file's own as it is first read when left out. */
	readonly seen?: string;
}

export interface Watching {
	/** Resolves when a call of `onChange` that was under way has ended. */
	close(): Promise<void>;
}

/**
 * Calls `onChange` after each change of the file's text, one call after the other. A file that is gone
 * counts as changed, so that it can be reported. `onChange` should not throw.
 */
export function watchConfiguration(
	path: string,
	onChange: (text: string | undefined) => void | Promise<void>,
	options: WatchOptions = {},
): Watching {
	const watcher = new ConfigurationWatcher(resolve(path), onChange, options);
	return { close: () => watcher.close() };
}

class ConfigurationWatcher {
	readonly #path: string;
	readonly #onChange: (text: string | undefined) => void | Promise<void>;
	readonly #settle: Milliseconds;
	readonly #poll: NodeJS.Timeout;
	#events: FSWatcher | undefined;
	#timer: NodeJS.Timeout | undefined;
	#closed = false;
	#seen: string | undefined;
	/** Tells one state of the file from another without reading it. */
	#stamp: string | undefined;
	#work: Promise<void> = Promise.resolve();

	constructor(path: string, onChange: (text: string | undefined) => void | Promise<void>, options: WatchOptions) {
		this.#path = path;
		this.#onChange = onChange;
		this.#settle = options.settle ?? 100;
		this.#seen = options.seen;
		if (options.seen === undefined) {
			this.#work = this.#read().then((text) => {
				this.#seen = text;
			});
		} else {
			this.#look();
		}
		this.#poll = setInterval(() => this.#look(), options.poll ?? 5000);
		this.#poll.unref();
		if (options.events !== false) {
			this.#listen();
		}
	}

	#listen(): void {
		try {
			// Anything in the folder may be the change: a mounted configuration is switched by a link beside it.
			this.#events = watch(dirname(this.#path), { persistent: false }, () => this.#soon());
			this.#events.on("error", () => this.#events?.close());
		} catch {
			// Looking every few seconds goes on.
		}
	}

	/** Waits until nothing has happened for a while: an editor writes in several steps. */
	#soon(): void {
		if (!this.#closed) {
			clearTimeout(this.#timer);
			this.#timer = setTimeout(() => this.#look(), this.#settle);
		}
	}

	/** One look after the other, also after one that failed. */
	#look(): void {
		const compare = () => this.#compare();
		this.#work = this.#work.then(compare, compare);
	}

	async #compare(): Promise<void> {
		const stamp = await this.#stampNow();
		if (this.#closed || stamp === this.#stamp) {
			return;
		}
		this.#stamp = stamp;
		const text = await this.#read();
		if (text === this.#seen) {
			return;
		}
		this.#seen = text;
		await this.#onChange(text);
	}

	async #stampNow(): Promise<string> {
		try {
			const { ino, size, mtimeNs, ctimeNs } = await stat(this.#path, { bigint: true });
			return [ino, size, mtimeNs, ctimeNs].join(" ");
		} catch {
			return "gone";
		}
	}

	async #read(): Promise<string | undefined> {
		try {
			return await readFile(this.#path, "utf8");
		} catch {
			return undefined;
		}
	}

	async close(): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#timer);
		clearInterval(this.#poll);
		this.#events?.close();
		await this.#work;
	}
}
