/**
 * Explains for managers that run elsewhere. The tree is explored as it always is, with what is known of
 * the manager so far; where that is not enough the manager is asked, and the tree is explored once more,
 * until nothing was missing.
 */
import {
	type Course,
	type DeliverContext,
	type Effect,
	type EffectResult,
	type ExplainedDelivery,
	explainDelivery,
	type ManagerPlugin,
	type PastEffect,
	type Planned,
	PosthasteError,
	type World,
} from "@posthaste/core";
import type { ConsultedManager } from "../engine/ports.ts";

/** Questions for one tree. A tree is cut long before. */
const questionLimit = 5000;

interface Question {
	readonly context: DeliverContext<unknown>;
	readonly past: readonly PastEffect[];
}

/** @throws PosthasteError `invalid-plugin` when the manager cannot say what it would do */
export async function explainConsulted(
	planned: Planned,
	world: World,
	manager: ConsultedManager,
): Promise<ExplainedDelivery> {
	const known = new Map<string, Effect | null>();
	for (;;) {
		const missing = new Map<string, Question>();
		const plugin = {
			...planned.manager.plugin,
			deliver: (context: Question["context"]) => remembered(context, known, missing),
		};
		const explained = explainDelivery({ ...planned, manager: { ...planned.manager, plugin } }, world);
		if (missing.size === 0) {
			return explained;
		}
		for (const [key, { context, past }] of missing) {
			if (known.size >= questionLimit) {
				return { ...explained, cut: true };
			}
			// It is no delivery, so what the manager remembers of it must not meet one.
			const answer = manager.next(`explain:${planned.message.id}:${key}`, context, past);
			known.set(key, await answer.catch(cannotSay(planned.manager.plugin)));
		}
	}
}

function cannotSay({ id }: ManagerPlugin): (error: unknown) => never {
	return (error) => {
		throw new PosthasteError(
			"invalid-plugin",
			`"${id}" cannot say what it would do: ${error instanceof Error ? error.message : error}`,
		);
	};
}

/** A course of what the manager is known to want. Where that is not known it ends, and the question is noted. */
function* remembered(
	context: DeliverContext<unknown>,
	known: ReadonlyMap<string, Effect | null>,
	missing: Map<string, Question>,
): Course {
	const past: PastEffect[] = [];
	for (;;) {
		const key = JSON.stringify(past.map(({ result }) => plain(result)));
		const effect = known.get(key);
		if (effect === undefined) {
			missing.set(key, {
				context,
				past: past.map(({ effect: wanted, result }) => ({ effect: wanted, ...(result && { result: plain(result) }) })),
			});
			return;
		}
		if (effect === null) {
			return;
		}
		const result = yield effect;
		past.push({ effect, ...(result !== undefined && { result }) });
	}
}

/** Results as data. Reading them here tells `explain` that the way on depends on them. */
function plain(result: EffectResult): EffectResult {
	return result !== undefined && "results" in result ? { results: result.results } : result;
}
