/** The library's methods about plugins: what there is, and changing it while messages flow. */
import { PosthasteError, thrownText } from "@posthaste/core";
import { checkManagerSettings, checkMechanismSettings } from "../databases/settings.ts";
import { judgeAll } from "../host/plugins.ts";
import type { Version } from "../plugins/version.ts";
import type { PluginAdding, PluginChoice, PluginView, Posthaste } from "../posthaste.ts";
import { follow } from "./mechanisms.ts";
import { notFound, type Parts } from "./parts.ts";

type Type = "manager" | "mechanism";

export function pluginMethods(parts: Parts): Posthaste["plugins"] {
	const { plugins, installed } = parts;
	const admit = (version: Version) => admission(parts, version);
	const get = async (id: string, choice?: PluginChoice) => {
		const found = chosen(plugins.list(), id, choice);
		return found && withDeliveries(parts, found);
	};
	const now = async (type: Type, id: string) => (await get(id, { type })) ?? notFound(`plugin "${id}"`);
	return {
		list: async () => plugins.list(),
		get,
		async add(adding) {
			const version = await install(parts, adding);
			const { type, id } = version.entry.description;
			return now(type, id);
		},
		async pin(id, wanted, choice) {
			const { type } = installation(plugins.list(), id, choice);
			if (wanted === null) {
				await installed.unpin(type, id);
			} else {
				await installed.activate(existing(parts, type, id, wanted), admit, true);
			}
			await changed(parts);
			return now(type, id);
		},
		async rollback(id, choice) {
			const { type, previous } = installation(plugins.list(), id, choice);
			if (previous === undefined) {
				throw new PosthasteError("not-found", `no version of "${id}" was active before`);
			}
			await installed.activate(existing(parts, type, id, previous), admit, false);
			await changed(parts);
			return now(type, id);
		},
		remove: (id, options = {}) => remove(parts, id, options),
	};
}

/** Installs a version; new deliveries use it from then on, unless another one is pinned. */
export async function install(parts: Parts, adding: PluginAdding): Promise<Version> {
	const version = await parts.installed.add(adding, (one) => admission(parts, one));
	await changed(parts);
	return version;
}

/** Undoes that versions took over. */
export async function activateAgain(
	parts: Parts,
	replaced: readonly { readonly version: Version; readonly was: Version | undefined }[],
): Promise<void> {
	for (const { version, was } of replaced.toReversed()) {
		const { type, id } = version.entry.description;
		await (was === undefined
			? parts.installed.deactivate(type, id)
			: parts.installed.activate(was, (one) => admission(parts, one)));
	}
	if (replaced.length > 0) {
		await changed(parts);
	}
}

/**
 * Whether what is configured can go on with another version: it has to come up, and to take the
 * settings that there are. Until then the version before goes on.
 */
async function admission(parts: Parts, version: Version): Promise<void> {
	const { description } = version.entry;
	try {
		await version.load();
	} catch (error) {
		throw new PosthasteError("invalid-plugin", `it does not come up: ${thrownText(error)}`);
	}
	const complaints = description.type === "manager" ? await ofManagers(parts, version) : ofMechanisms(parts, version);
	if (complaints.length > 0) {
		const { id, version: number } = description;
		throw new PosthasteError("invalid-plugin", `"${id}" ${number} does not take what is configured`, complaints);
	}
}

async function ofManagers({ databases }: Parts, { manager, entry }: Version) {
	const records = [...databases.managerRecords.values()].filter(({ use }) => use === entry.description.id);
	if (manager === undefined) {
		return [];
	}
	await judgeAll(
		manager,
		records.flatMap(({ configurations }) => configurations),
	);
	return records.flatMap(({ name, configurations }) =>
		configurations.flatMap((row, index) => {
			const at = ["managers", name, "configurations", index, "settings"];
			return checkManagerSettings(manager.plugin, row.settings ?? {}, at).findings.map(toComplaint);
		}),
	);
}

function ofMechanisms({ databases, env }: Parts, { mechanism, entry }: Version) {
	const records = [...databases.mechanismRecords.values()].filter(({ use }) => use === entry.description.id);
	return records.flatMap(({ name, settings }) =>
		mechanism === undefined
			? []
			: checkMechanismSettings(mechanism.plugin, settings, env, ["mechanisms", name, "settings"]).findings.map(
					toComplaint,
				),
	);
}

function toComplaint({ path, message }: { readonly path: readonly (string | number)[]; readonly message: string }) {
	return { field: path.join("."), message };
}

/** New deliveries and new instances from now on go by what is active now. Those under way end on what they began with. */
async function changed(parts: Parts): Promise<void> {
	await parts.databases.rebuild();
	await follow(parts);
}

async function remove(
	parts: Parts,
	id: string,
	{ version, force = false, ...choice }: PluginChoice & { readonly version?: string; readonly force?: boolean },
): Promise<void> {
	const { installed, plugins, store } = parts;
	const { type, active, versions } = installation(plugins.list(), id, choice);
	const going = version === undefined ? versions : [existing(parts, type, id, version).entry.description.version];
	if (active !== null && going.includes(active)) {
		demandUnused(parts, type, id);
		await installed.deactivate(type, id);
		await changed(parts);
	}
	const pins = new Map((await store.countPins()).map(({ pin, deliveries }) => [pin, deliveries]));
	const held = going.flatMap((one) => (pins.has(`${id}@${one}`) ? [`${pins.get(`${id}@${one}`)} of ${one}`] : []));
	if (type === "manager" && held.length > 0 && !force) {
		throw new PosthasteError(
			"in-use",
			`deliveries under way are pinned to it (${held.join(", ")}); new ones do not use it any more. Remove it when they ` +
				"have ended, or with `force`, which leaves them held",
		);
	}
	for (const one of going) {
		await installed.forget(existing(parts, type, id, one));
	}
	await changed(parts);
}

/** What is configured needs a plugin, and without this one there would be none of that name. */
function demandUnused({ databases, plugins }: Parts, type: Type, id: string): void {
	const records = type === "manager" ? databases.managerRecords : databases.mechanismRecords;
	const users = [...records.values()].filter(({ use }) => use === id).map(({ name }) => name);
	if (users.length > 0 && !plugins.bundles(type, id)) {
		throw new PosthasteError("in-use", `${type} ${users.map((name) => `"${name}"`).join(", ")} uses plugin "${id}"`);
	}
}

function existing({ installed }: Parts, type: Type, id: string, version: string): Version {
	return installed.version(type, id, version) ?? notFound(`version ${version} of plugin "${id}"`);
}

function chosen(all: readonly PluginView[], id: string, { type }: PluginChoice = {}): PluginView | undefined {
	const found = all.filter((plugin) => plugin.id === id && (type === undefined || plugin.type === type));
	if (found.length > 1) {
		throw new PosthasteError(
			"invalid-request",
			`there is a manager and a mechanism plugin "${id}"; say which with \`type\``,
		);
	}
	return found[0];
}

/** @throws PosthasteError `not-found` when it was not installed at run time */
function installation(all: readonly PluginView[], id: string, choice?: PluginChoice) {
	const plugin = chosen(all, id, choice);
	if (plugin?.installed === undefined) {
		throw new PosthasteError(
			"not-found",
			plugin === undefined ? `there is no plugin "${id}"` : `"${id}" comes with the program and was not installed`,
		);
	}
	const { active, previous, versions } = plugin.installed;
	return { type: plugin.type, active, previous, versions: versions.map((one) => one.version) };
}

async function withDeliveries({ store }: Parts, plugin: PluginView): Promise<PluginView> {
	if (plugin.installed === undefined || plugin.type !== "manager") {
		return plugin;
	}
	const pins = new Map((await store.countPins()).map(({ pin, deliveries }) => [pin, deliveries]));
	const versions = plugin.installed.versions.map((one) => ({
		...one,
		deliveries: pins.get(`${plugin.id}@${one.version}`) ?? 0,
	}));
	return { ...plugin, installed: { ...plugin.installed, versions } };
}
