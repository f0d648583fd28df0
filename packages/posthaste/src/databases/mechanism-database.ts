/** The mechanism database: definitions and the operator's switch. Secrets are masked in all it answers. */
import { type MechanismRecord, PosthasteError } from "@posthaste/core";
import type { Database, MechanismDefinition, WriteOptions } from "../posthaste.ts";
import { keepSecrets } from "./apply.ts";
import { checkMechanism } from "./check.ts";
import { type Context, worldNow } from "./context.ts";
import { throwFindings } from "./finding.ts";
import { pageOf } from "./pages.ts";
import { mechanismRecord } from "./records.ts";
import { configurationReferences, inUse, userReferences } from "./references.ts";
import { maskSecrets } from "./secrets.ts";
import { writeRecord } from "./writing.ts";

export interface MechanismDatabase extends Database<MechanismRecord, MechanismDefinition> {
	/**
	 * The operator's switch, whoever defined the mechanism.
	 * @throws PosthasteError `unknown-mechanism`, `revision-conflict`
	 */
	setDisabled(name: string, disabled: boolean, options?: WriteOptions): Promise<MechanismRecord>;
}

export function mechanismDatabase(context: Context): MechanismDatabase {
	const { state, plugins, inTurn } = context;
	const shown = (record: MechanismRecord): MechanismRecord => ({
		...context.lines.correct("mechanisms", record.name, record),
		settings: maskSecrets(plugins.mechanism(record.use)?.settings, record.settings),
	});
	const read = (name: string) => {
		const record = state.tables.mechanisms.get(name);
		return record === undefined ? undefined : context.lines.correct("mechanisms", name, record);
	};
	const write = async (
		name: string,
		options: WriteOptions | undefined,
		make: (current: MechanismRecord | undefined) => MechanismRecord | null | undefined | Promise<null | undefined>,
		anyOwner = false,
	) => writeRecord({ state, database: "mechanisms", key: name, options, read: () => read(name), make, anyOwner });

	return {
		async get(name) {
			const record = state.tables.mechanisms.get(name);
			return record === undefined ? undefined : shown(record);
		},
		async list(query) {
			const page = pageOf(state.tables.mechanisms, query);
			return { ...page, items: page.items.map(shown) };
		},
		put: (name, definition, options) =>
			inTurn(async () => {
				const record = await write(name, options, (current) => {
					const kept = keepSecrets(definition, current?.settings, plugins);
					throwFindings(checkMechanism(name, kept, worldNow(context)));
					return mechanismRecord(name, kept, { by: "api" }, current?.disabled ?? false);
				});
				return shown(record as MechanismRecord);
			}),
		delete: (name, options) =>
			inTurn(async () => {
				let existed = false;
				await write(name, options, async (current) => {
					existed = current !== undefined;
					if (current === undefined) {
						return undefined;
					}
					throwFindings(await mechanismInUse(name, context));
					return null;
				});
				return existed;
			}),
		setDisabled: (name, disabled, options) =>
			inTurn(async () => {
				const switched = (current: MechanismRecord | undefined) => {
					if (current === undefined) {
						throw noSuchMechanism(name);
					}
					return current.disabled === disabled ? undefined : { ...current, disabled };
				};
				return shown((await write(name, options, switched, true)) as MechanismRecord);
			}),
	};
}

export function noSuchMechanism(name: string): PosthasteError {
	return new PosthasteError("unknown-mechanism", `there is no mechanism "${name}"`);
}

async function mechanismInUse(name: string, { state, store, plugins }: Context) {
	const configurations = configurationReferences(name, state.tables.managers.values(), plugins);
	const user = (await userReferences(new Set([name]), store)).get(name);
	return inUse("mechanisms", name, [...configurations, ...(user === undefined ? [] : [`user "${user}"`])]);
}
