/**
 * The manager that is swapped. It writes its version into the journal before each effect, so that a
 * delivery which ends on another version than it began with shows. Each version is a copy of this file.
 */
import { askSender, attempt, defineManager, note, wait } from "@posthaste/core";
import { Type } from "typebox";

const version = "0.0.0";

interface Settings {
	readonly names: readonly string[];
}

export default defineManager<Settings>({
	id: "swapped-course",
	apiVersion: 1,
	version,
	title: "A manager that is swapped under load",
	settings: Type.Object({ names: Type.Array(Type.String()) }, { additionalProperties: false }),
	allows: ({ names }) => names,
	*deliver({ message }) {
		const pause = Number(message.properties.pause ?? 0);
		yield* note(version);
		if (message.category === "pause") {
			yield* wait(pause);
			yield* note(version);
		}
		if (message.category === "question") {
			yield* askSender("Shall it be sent?", { within: pause, otherwise: "yes" });
			yield* note(version);
		}
		if (message.category === "receipt") {
			yield* attempt(["line"], { until: "delivered", within: 60_000 });
			yield* note(version);
		}
		// Nobody's configuration names `closed`, so it has to be passed over each time.
		yield* attempt(["closed", "line"]);
		yield* note(version);
		yield* attempt(["spare"]);
		yield* note(version);
	},
});
