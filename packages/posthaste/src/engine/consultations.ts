/**
 * Asks managers that run elsewhere what they want next. Asking changes nothing in the world, so it needs
 * no intent on disk: after a crash the manager is simply asked again. A delivery stays in memory
 * meanwhile, and keeps its claim.
 */
import { type Input, thrownText } from "@posthaste/core";
import type { ManagerPlugins } from "./ports.ts";
import type { Resident } from "./resident.ts";

export interface ConsultationsParts {
	readonly plugins: ManagerPlugins;
	/** Hands what the manager said to its delivery. */
	readonly handle: (resident: Resident, input: Input) => void;
}

export class Consultations {
	readonly #parts: ConsultationsParts;
	#underWay = 0;
	#stopped = false;

	constructor(parts: ConsultationsParts) {
		this.#parts = parts;
	}

	get underWay(): number {
		return this.#underWay;
	}

	/** Asks no more, and hears no more answers. */
	stop(): void {
		this.#stopped = true;
	}

	/** Asks for a delivery that waits for its manager, unless that is being done. */
	ask(resident: Resident): void {
		const { course } = resident;
		if (course.pause?.on !== "effect" || !course.isConsulting || resident.isConsulting || this.#stopped) {
			return;
		}
		const { past } = course.pause;
		const { plugin, version } = course.policies.manager;
		const manager = this.#parts.plugins.consulted?.(plugin, version);
		if (manager === undefined) {
			const detail = `manager plugin ${plugin} ${version} is not there`;
			this.#parts.handle(resident, { type: "stranded", reason: "no-such-manager", detail });
			return;
		}
		const { message, policies } = course;
		const context = {
			message,
			recipient: policies.recipient,
			policy: policies.deliveryPolicy,
			settings: policies.configuration.settings,
		};
		this.#await(
			resident,
			manager.next(resident.id, context, past).then(
				(effect): Input => ({ type: "effect", effect }),
				(error): Input => ({ type: "stranded", reason: "manager-failed", detail: thrownText(error) }),
			),
		);
	}

	#await(resident: Resident, said: Promise<Input>): void {
		resident.isConsulting = true;
		resident.calls += 1;
		this.#underWay += 1;
		void said.then((input) => {
			resident.isConsulting = false;
			resident.calls -= 1;
			this.#underWay -= 1;
			if (!this.#stopped) {
				this.#parts.handle(resident, input);
			}
		});
	}
}
