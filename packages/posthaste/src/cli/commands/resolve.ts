/** `resolve`: a person's decision about a held delivery. */
import type { DeliveryDocument, MessageDocument, Resolution } from "@posthaste/core";
import { Argument, type Command } from "commander";
import { action } from "../actions.ts";
import type { Client } from "../client.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { decisions, heldOf, resolveCommand } from "../held.ts";
import { clientOf, examples, type ServerOptions, withServer } from "../options.ts";
import { writeJson, writeLine } from "../terminal.ts";
import { stateText } from "../timeline.ts";
import { messagePath } from "../watching.ts";

const resolutions: readonly Resolution[] = ["resend", "next", "end"];

export function addResolve(program: Command): void {
	const command = withServer(
		program
			.command("resolve")
			.summary("decide about a held delivery")
			.description(
				"A delivery is held when nobody can say whether an attempt arrived and the configuration wants a person to decide, or " +
					`when its manager is missing or failed. ${decisions} One that waited for its manager goes on where it stood with ` +
					"either of the first two, once the manager is back. `posthaste messages --state held` lists what is held, with what " +
					"to type.",
			)
			.argument(
				"<delivery>",
				"the delivery's identifier, MESSAGE.N, or its message's while only one of its deliveries is held",
			)
			.addArgument(new Argument("<decision>", "what to do").choices(resolutions)),
	).action(
		action(async (id: string, resolution: Resolution, options: ServerOptions) => {
			const client = clientOf(options);
			const named = isDelivery.test(id) ? id : await onlyHeld(client, id, resolution);
			const path = `/v1/deliveries/${encodeURIComponent(named)}/resolve`;
			const delivery = await client.post<DeliveryDocument>(path, { resolution });
			if (options.json) {
				writeJson(delivery);
			} else {
				writeLine(`${delivery.recipient}  ${stateText(delivery.state)}`);
			}
		}),
	);
	examples(command, [
		["posthaste resolve 01981b2e-5a7c-7c3e-9d53-0c8f4b7f2a10.1 next", "not the same again, but what comes next"],
		["posthaste resolve 01981b2e-5a7c-7c3e-9d53-0c8f4b7f2a10 end", "the only held delivery of this message"],
	]);
}

const isDelivery = /\.\d+$/;

/** People know their message's identifier: of one recipient's message nothing else can be meant. */
async function onlyHeld(client: Client, id: string, resolution: Resolution): Promise<string> {
	const held = heldOf([await client.get<MessageDocument>(messagePath(id))]);
	const [only, another] = held;
	if (only === undefined) {
		throw new Failure("not-held", `No delivery of message ${id} is held`, {
			exitCode: exitCodes.refused.code,
			remedy: `\`posthaste show ${id}\` tells how they stand.`,
		});
	}
	if (another !== undefined) {
		throw new Failure("usage", `${held.length} deliveries of message ${id} are held: say which`, {
			exitCode: exitCodes.usage.code,
			complaints: held.map((delivery) => ({
				field: delivery.recipient,
				message: resolveCommand(delivery.id, client.server, resolution),
			})),
		});
	}
	return only.id;
}
