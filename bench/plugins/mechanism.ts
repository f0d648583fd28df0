/** The mechanism that the measurements send through: it accepts at once. */
import { defineMechanism, type MechanismPlugin } from "@posthaste/core";
import { Type } from "typebox";

const plugin: MechanismPlugin<unknown, { to: string }> = defineMechanism({
	id: "bench-mechanism-inline",
	apiVersion: 1,
	version: "1.0.0",
	kind: "im",
	title: "Accepts at once",
	settings: Type.Object({}, { additionalProperties: false }),
	address: Type.Object({ to: Type.String() }, { additionalProperties: false }),
	capabilities: {},
	async create() {
		return {
			send: async () => ({ outcome: "accepted", evidence: "250 ok" }) as const,
			close: async () => undefined,
		};
	},
});
export default plugin;
