/** A world whose deliveries have a manager that waits long enough to be taken away meanwhile. */
import { askSender, attempt, DeliveryCourse, defineManager, type ManagerPlugin, wait } from "@posthaste/core";
import { Type } from "typebox";
import { configuration, openWorld, type World } from "./world.ts";

export const im = () => "im";

/** A manager that tries `first`, waits for an hour, and then tries the pager. */
export function manager(version: string, first: () => string): ManagerPlugin {
	return defineManager<unknown>({
		id: "patient",
		apiVersion: 1,
		version,
		title: "Patient",
		settings: Type.Object({}, { additionalProperties: false }),
		allows: () => "all",
		*deliver() {
			yield* attempt([first()], { until: "read", within: 1000 });
			yield* wait(3_600_000);
			yield* attempt(["pager"]);
		},
	});
}

/** A manager that asks the sender, for an hour, and pages whatever the answer. */
export const asking: ManagerPlugin = {
	...manager("1.0.0", () => "im"),
	*deliver() {
		yield* askSender("Page John?", { within: 3_600_000 });
		yield* attempt(["pager"]);
	},
};

/** Every message is this manager's. */
export async function openWith(plugin: ManagerPlugin, unknown: "resend" | "hold" = "resend"): Promise<World> {
	const world = await openWorld();
	await world.posthaste.close();
	await reopenWith(world, plugin);
	await world.posthaste.configuration.apply({
		...configuration,
		managers: { patient: { use: "patient", configurations: [{ name: "only", unknown, settings: {} }] } },
		selection: [{ manager: "patient" }],
	});
	return world;
}

/** Starts again with this manager, or without any. */
export function reopenWith(world: World, plugin: ManagerPlugin | undefined): Promise<void> {
	return world.reopen({ plugins: [world.im.plugin, world.pager.plugin, ...(plugin ? [plugin] : [])] });
}

/** Takes a delivery's course anew, as its manager does once it is back. */
export async function replay(
	world: World,
	{ id }: { readonly id: string },
	plugin: ManagerPlugin,
): Promise<DeliveryCourse> {
	const [stored] = await world.faults.store.loadDeliveries([`${id}.1`]);
	const { message, journal } = stored ?? {};
	const policies = journal?.find((entry) => entry.type === "policies");
	if (message === undefined || journal === undefined || policies === undefined) {
		throw new Error("it has not begun");
	}
	const look = (mechanism: string) => ({ mechanism, kept: true });
	const course = new DeliveryCourse({ delivery: `${id}.1`, message, plugin, policies, look });
	course.replay(journal);
	return course;
}
