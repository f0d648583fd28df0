/** The manager that the measurements ask: one effect, and nothing computed. */
import { attempt, defineManager, type ManagerPlugin } from "@posthaste/core";
import { Type } from "typebox";

const plugin: ManagerPlugin<{ mechanism: string }> = defineManager({
	id: "bench-manager-inline",
	apiVersion: 1,
	version: "1.0.0",
	title: "Attempts once",
	settings: Type.Object({ mechanism: Type.String() }, { additionalProperties: false }),
	allows: ({ mechanism }) => [mechanism],
	*deliver({ settings }) {
		yield* attempt([settings.mechanism]);
	},
});
export default plugin;
