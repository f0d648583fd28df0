/** `resolve`: a person's decision about a held delivery. */
import type { DeliveryDocument, Resolution } from "@posthaste/core";
import { Argument, type Command } from "commander";
import { action } from "../actions.ts";
import { clientOf, examples, type ServerOptions, withServer } from "../options.ts";
import { writeJson, writeLine } from "../terminal.ts";
import { stateText } from "../timeline.ts";

const resolutions: readonly Resolution[] = ["resend", "next", "end"];

export function addResolve(program: Command): void {
	const command = withServer(
		program
			.command("resolve")
			.summary("decide about a held delivery")
			.description(
				"A delivery is held when nobody can say whether an attempt arrived and the configuration wants a person to decide, or " +
					"when its manager is missing or failed. `resend` tries the same again, `next` goes on with what comes next, `end` " +
					"ends the delivery. One that waited for its manager goes on where it stood with either of the first two.",
			)
			.argument("<delivery>", "the delivery's identifier, MESSAGE.N")
			.addArgument(new Argument("<decision>", "what to do").choices(resolutions)),
	).action(
		action(async (id: string, resolution: Resolution, options: ServerOptions) => {
			const path = `/v1/deliveries/${encodeURIComponent(id)}/resolve`;
			const delivery = await clientOf(options).post<DeliveryDocument>(path, { resolution });
			if (options.json) {
				writeJson(delivery);
			} else {
				writeLine(`${delivery.recipient}  ${stateText(delivery.state)}`);
			}
		}),
	);
	examples(command, [["posthaste resolve 01981b2e-5a7c-7c3e-9d53-0c8f4b7f2a10.1 next", "the next mechanism, then"]]);
}
