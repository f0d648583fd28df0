/** Step 3: which configuration the manager works by. */
import { PosthasteError } from "./errors.ts";
import type { Configured, Selected, World } from "./flow.ts";

/**
 * The first row of the manager's table whose condition holds for the message.
 * @throws PosthasteError `no-configuration`
 */
export function configure(selected: Selected, { now }: World): Configured {
	const { manager, message } = selected;
	for (const configuration of manager.configurations) {
		if (configuration.when === undefined || configuration.when.holds(message, now) === true) {
			return { ...selected, configuration };
		}
	}
	throw new PosthasteError("no-configuration", `no configuration of manager "${manager.name}" holds for this message`);
}
