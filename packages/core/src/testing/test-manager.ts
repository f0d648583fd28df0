import { Type } from "typebox";
import { type Course, type DeliverContext, defineManager, type ManagerPlugin } from "../manager.ts";

/** A manager for tests of everything around managers: it does what the generator says, with every mechanism allowed. */
export function testManager(
	deliver: (context: DeliverContext<unknown>) => Course,
	allows: readonly string[] | "all" = "all",
): ManagerPlugin {
	return defineManager<unknown>({
		id: "test",
		apiVersion: 1,
		version: "1.0.0",
		title: "A manager for tests",
		settings: Type.Object({}, { additionalProperties: false }),
		allows: () => allows,
		deliver,
	});
}
