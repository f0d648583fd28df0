/** Messages from acceptance on disk to their end on disk, through a manager and a mechanism of each style. */
import { join } from "node:path";
import { createPosthaste, type PosthasteCore } from "../packages/posthaste/src/create-posthaste.ts";
import type { Call } from "./plugin-calls.ts";
import { idOf, type PluginType, type RemoteStyle, remoteStyles, type Style, styles } from "./plugin-styles.ts";
import manager from "./plugins/manager.ts";
import mechanism from "./plugins/mechanism.ts";

export interface Messages {
	/** Milliseconds that installing one took, with its first start; of a manager and a mechanism, the mean. */
	readonly installed: Readonly<Record<RemoteStyle, number>>;
	/** Sends one message, and resolves when it has reached its recipient. */
	call(style: Style): Call;
	close(): Promise<void>;
}

export async function openMessages(
	folder: string,
	folderOf: (type: PluginType, style: RemoteStyle) => string,
): Promise<Messages> {
	const plugins = [manager, mechanism] as never;
	const posthaste = await createPosthaste({ data: join(folder, "data"), plugins });
	try {
		const installed = { thread: 0, process: 0, command: 0 };
		for (const style of remoteStyles) {
			for (const type of ["manager", "mechanism"] as const) {
				const start = performance.now();
				await posthaste.plugins.add({
					from: folderOf(type, style),
					...(style !== "command" && { isolation: style }),
				});
				installed[style] += (performance.now() - start) / 2;
			}
		}
		await posthaste.configuration.apply(configuration());
		const reached = follow(posthaste);
		const call = (style: Style) => async () => {
			const { id } = await posthaste.send({ to: ["ann"], from: "bench", body: "The build failed.", manager: style });
			await reached(id);
		};
		return { installed, call, close: () => posthaste.close() };
	} catch (error) {
		await posthaste.close();
		throw error;
	}
}

function configuration(): object {
	const each = <Value>(make: (style: Style) => Value) =>
		Object.fromEntries(styles.map((style) => [style, make(style)] as const));
	return {
		mechanisms: each((style) => ({ use: idOf("mechanism", style) })),
		managers: each((style) => ({
			use: idOf("manager", style),
			configurations: [{ name: "all", settings: { mechanism: style } }],
		})),
		defaultManager: "inline",
		users: {
			ann: { name: "Ann", mechanisms: styles.map((style) => ({ mechanism: style, address: { to: "ann" } })) },
		},
	};
}

function follow(posthaste: PosthasteCore): (message: string) => Promise<void> {
	const waiting = new Map<string, () => void>();
	const early = new Set<string>();
	posthaste.observe(({ message, state }) => {
		if (state !== "reached") {
			return;
		}
		const resolve = waiting.get(message);
		if (resolve === undefined) {
			early.add(message);
		} else {
			waiting.delete(message);
			resolve();
		}
	});
	return (message) =>
		early.delete(message) ? Promise.resolve() : new Promise((resolve) => waiting.set(message, resolve));
}
