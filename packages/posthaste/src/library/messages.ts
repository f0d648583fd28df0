/** The library's methods about messages, their deliveries, and the questions to their senders. */
import {
	type ExplainedDelivery,
	explainDelivery,
	isFinal,
	type Planned,
	PosthasteError,
	plan,
	type World,
} from "@posthaste/core";
import { stoppable } from "../engine/events.ts";
import { pageOfViews } from "../engine/views.ts";
import type { DeliveryView, MessageEvent, Posthaste } from "../posthaste.ts";
import { explainConsulted } from "./explaining.ts";
import { by, existingMessage, feed, messageView, notFound, ownerOf, type Parts } from "./parts.ts";

export function sending(parts: Parts): Pick<Posthaste, "send" | "sendMany" | "explain"> {
	const { intake, databases, mechanisms, clock } = parts;
	return {
		send: (draft, options) => intake.send(draft, options),
		sendMany: (drafts) => Promise.all(drafts.map((draft) => intake.send(draft).catch(toError))),
		async explain(draft, { at = clock.now() } = {}) {
			const composed = intake.prepare(draft);
			const recipients = await intake.recipients(composed);
			const absent = (name: string, address: object) => mechanisms.absent(name, address, at);
			const world = { snapshot: databases.snapshot, now: at, absent };
			const explained = recipients.map((user) => explain(parts, plan(composed, user, world), world));
			return { at, deliveries: await Promise.all(explained) };
		},
	};
}

async function explain({ plugins }: Parts, planned: Planned, world: World): Promise<ExplainedDelivery> {
	const { id, version } = planned.manager.plugin;
	const elsewhere = planned.manager.plugin.consulted === true ? plugins.consulted(id, version) : undefined;
	return elsewhere === undefined ? explainDelivery(planned, world) : explainConsulted(planned, world, elsewhere);
}

function toError(thrown: unknown): Error {
	return thrown instanceof Error ? thrown : new Error(String(thrown));
}

export function messages(parts: Parts): Posthaste["messages"] {
	const { store } = parts;
	return {
		get: (id) => messageView(parts, id),
		list: async (query = {}) => pageOfViews(store, await store.listMessages(query)),
		events: (id, signal) => messageEvents(parts, id, signal),
		async cancel(id, who) {
			const { deliveries } = await existingMessage(parts, id);
			const open = deliveries.filter(({ state }) => !isFinal(state));
			if (open.length === 0) {
				throw new PosthasteError("already-final", `message ${id} has already come to its end`);
			}
			await Promise.all(open.map((delivery) => feed(parts, delivery.id, { type: "cancelled", ...by(who) })));
			return existingMessage(parts, id);
		},
	};
}

/** Listens from the call on, and before it looks, so that nothing falls between the two. */
function messageEvents(parts: Parts, id: string, signal?: AbortSignal): AsyncIterable<MessageEvent> {
	const stop = new AbortController();
	const heard = parts.events.listen(id, signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]));
	return stoppable(
		untilFinal(parts, id, heard, () => stop.abort()),
		() => stop.abort(),
	);
}

/** Once every delivery has ended nothing more is listened to, and what was heard until then is still told. */
async function* untilFinal(
	parts: Parts,
	id: string,
	heard: AsyncIterable<MessageEvent>,
	stop: () => void,
): AsyncGenerator<MessageEvent> {
	try {
		const { deliveries } = await existingMessage(parts, id);
		const open = new Set(deliveries.filter(({ state }) => !isFinal(state)).map((delivery) => delivery.id));
		if (open.size === 0) {
			stop();
		}
		for await (const event of heard) {
			if (isFinal(event.state) && open.delete(event.delivery) && open.size === 0) {
				stop();
			}
			yield event;
		}
	} finally {
		stop();
	}
}

export function prompts(parts: Parts): Posthaste["prompts"] {
	const { store } = parts;
	return {
		list: (query = {}) => store.listPrompts(query),
		get: (id) => store.loadPrompt(id),
		async answer(id, answer, who) {
			const prompt = await store.loadPrompt(id);
			if (prompt === undefined) {
				throw await promptGone(parts, id);
			}
			const decisions = await feed(parts, prompt.delivery, { type: "answered", prompt: id, answer, ...by(who) });
			// When the message has expired meanwhile, the answer only brings to light that the question is withdrawn.
			if (!decisions.some((decision) => decision.type === "prompt-closed")) {
				throw await notClosed(parts, id);
			}
		},
	};
}

/** An answer closed nothing: the question was closed before, or nobody can go on with the answer. */
async function notClosed({ store }: Parts, id: string): Promise<PosthasteError> {
	const prompt = await store.loadPrompt(id);
	const [delivery] = prompt === undefined ? [] : await store.loadDeliveries([prompt.delivery]);
	return prompt === undefined || delivery?.row.state !== "held"
		? new PosthasteError("already-answered", `question ${id} is no longer open`)
		: stillHeld({ id: prompt.delivery, journal: delivery.journal });
}

/** Nothing could be done about it but to end it. */
function stillHeld({ id, journal }: Pick<DeliveryView, "id" | "journal">): PosthasteError {
	const held = journal.findLast((entry) => entry.type === "held");
	return new PosthasteError("delivery-held", `delivery ${id} is held: ${held?.detail}`);
}

/** A question that was once asked is closed; any other was never there. */
async function promptGone({ store }: Parts, id: string): Promise<PosthasteError> {
	const [delivery] = await store.loadDeliveries([ownerOf(id)]);
	const asked = delivery?.journal.some((entry) => entry.type === "prompt" && entry.prompt === id);
	return asked === true
		? new PosthasteError("already-answered", `question ${id} is no longer open`)
		: new PosthasteError("not-found", `there is no question ${id}`);
}

export function deliveries(parts: Parts): Posthaste["deliveries"] {
	const existing = async (id: string) => {
		const message = await messageView(parts, ownerOf(id));
		return message?.deliveries.find((delivery) => delivery.id === id) ?? notFound(`delivery ${id}`);
	};
	return {
		async resolve(id, resolution, who) {
			const { state } = await existing(id);
			if (state !== "held") {
				throw new PosthasteError("not-held", `delivery ${id} is ${state}`);
			}
			const followed = await feed(parts, id, { type: "resolved", resolution, ...by(who) });
			const view = await existing(id);
			// One that was held for want of its manager goes on where it stood, and nothing may be due at once.
			if (followed.length === 0 && view.state === "held") {
				throw stillHeld(view);
			}
			return view;
		},
	};
}
