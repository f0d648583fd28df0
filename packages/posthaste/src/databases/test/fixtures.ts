/** Plugins and databases for tests: real plugin objects, and the real store in memory. */
import {
	attempt,
	type Complaint,
	DurationSchema,
	defineManager,
	defineMechanism,
	durationOf,
	type ManagerPlugin,
	type MechanismPlugin,
	PosthasteError,
} from "@posthaste/core";
import { type Static, type TObject, Type } from "typebox";
import { openSqliteStore } from "../../store/sqlite/index.ts";
import { Databases, type DatabasesOptions, type PluginSource } from "../index.ts";

const closed = { additionalProperties: false } as const;

const StepSettings = Type.Object(
	{
		steps: Type.Array(
			Type.Union([
				Type.Object({ attempt: Type.Array(Type.String()), within: Type.Optional(DurationSchema) }, closed),
				Type.Object({ wait: DurationSchema }, closed),
				Type.Object({ ask: Type.String(), otherwise: Type.Optional(Type.Enum(["yes", "no"])) }, closed),
			]),
			{ minItems: 1 },
		),
		rounds: Type.Integer({ minimum: 1, maximum: 9, default: 1 }),
	},
	closed,
);

export const steps = defineManager<Static<typeof StepSettings>>({
	id: "steps",
	apiVersion: 1,
	version: "1.0.0",
	title: "Steps",
	settings: StepSettings,
	allows: (settings) => settings.steps.flatMap((step) => ("attempt" in step ? step.attempt : [])),
	check: (settings) =>
		settings.steps.flatMap((step, index) =>
			"wait" in step && (durationOf(step.wait) ?? 0) > 3_600_000
				? [`steps[${index}].wait: is longer than an hour`]
				: [],
		),
	*deliver({ settings }) {
		for (const step of settings.steps) {
			if ("attempt" in step) {
				yield* attempt(step.attempt);
			}
		}
	},
}) as ManagerPlugin;

export const everything = defineManager<unknown>({
	id: "everything",
	apiVersion: 1,
	version: "1.0.0",
	title: "Everything at once",
	settings: Type.Object({}, closed),
	allows: () => "all",
	*deliver({ policy }) {
		yield* attempt(policy.map((entry) => entry.mechanism));
	},
});

const LineSettings = Type.Object(
	{
		url: Type.String({ format: "url" }),
		secret: Type.Optional(Type.String({ secret: true, minLength: 3 })),
		port: Type.Integer({ default: 5222, minimum: 1, maximum: 65535 }),
		tls: Type.Optional(Type.Boolean()),
	},
	closed,
);

/** A mechanism that is only ever configured here, never called. */
function line(id: string, kind: MechanismPlugin["kind"], address: TObject): MechanismPlugin {
	return defineMechanism({
		id,
		apiVersion: 1,
		version: "1.0.0",
		kind,
		title: id,
		settings: LineSettings,
		address,
		capabilities: {},
		create: async () => ({ send: async () => ({ outcome: "accepted" }), close: async () => {} }),
	}) as MechanismPlugin;
}

export const chatter = line("chatter", "im", Type.Object({ jid: Type.String({ minLength: 3 }) }, closed));
export const beeper = line(
	"beeper",
	"pager",
	Type.Object({ pager: Type.String({ pattern: "^[0-9]+$", description: "Digits" }) }, closed),
);

export class TestPlugins implements PluginSource {
	readonly plugins = new Map<string, ManagerPlugin | MechanismPlugin>(
		[steps, everything, chatter, beeper].map((plugin) => [plugin.id, plugin]),
	);

	manager(id: string): ManagerPlugin | undefined {
		const plugin = this.plugins.get(id);
		return plugin?.type === "manager" ? plugin : undefined;
	}

	mechanism(id: string): MechanismPlugin | undefined {
		const plugin = this.plugins.get(id);
		return plugin?.type === "mechanism" ? plugin : undefined;
	}

	*ids(type: "manager" | "mechanism"): Iterable<string> {
		for (const plugin of this.plugins.values()) {
			if (plugin.type === type) {
				yield plugin.id;
			}
		}
	}
}

export const openStore = () => openSqliteStore({ folder: ":memory:", thread: "inline" });

export async function openDatabases(options: Partial<DatabasesOptions> = {}): Promise<Databases> {
	return Databases.open({
		store: options.store ?? (await openStore()),
		plugins: new TestPlugins(),
		activity: () => undefined,
		env: { CHAT_SECRET: "from the environment" },
		...options,
	});
}

/** The reference configuration in the shape of a document, with these tests' plugins. */
export function reference() {
	return {
		mechanisms: {
			im2: { use: "chatter", settings: { url: "tcp://127.0.0.1:5347", secret: `\${env:CHAT_SECRET}` } },
			pager: { use: "beeper", settings: { url: "snpp://127.0.0.1:4444" } },
		},
		managers: {
			standard: {
				use: "steps",
				configurations: [
					{
						name: "urgent",
						when: 'message.priority == "urgent"',
						settings: { steps: [{ attempt: ["im2", "pager"], within: "2m" }] },
					},
					{ name: "normal", settings: { steps: [{ attempt: ["im2"] }, { attempt: ["pager"] }] } },
				],
			},
		},
		selection: [{ manager: "standard" }],
		users: {
			jsmith: {
				name: "John Smith",
				timezone: "America/New_York",
				mechanisms: [
					{ mechanism: "im2", address: { jid: "jsmith@localhost" } },
					{ mechanism: "pager", address: { pager: "5551234" } },
				],
			},
		},
	};
}

/** The error that a promise is rejected with. */
export async function failure(work: Promise<unknown>): Promise<PosthasteError> {
	const error: unknown = await work.then(
		() => new Error("it did not fail"),
		(reason: unknown) => reason,
	);
	if (!(error instanceof PosthasteError)) {
		throw error;
	}
	return error;
}

/** A complaint in short. */
export function brief(complaints: readonly Complaint[]): readonly string[] {
	return complaints.map(({ field, message }) => `${field}: ${message}`);
}
