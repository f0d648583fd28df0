/** The auditor: reads what stands on the disk and what the world saw, and names whatever does not fit. */
import { auditDelivery } from "./delivery.ts";
import type { Evidence, Rule, Violation } from "./evidence.ts";
import { History } from "./history.ts";
import { auditPromises } from "./promises.ts";
import { auditQuestions } from "./questions.ts";
import { auditRetractions } from "./retractions.ts";
import { auditSends } from "./sends.ts";
import { Surroundings } from "./surroundings.ts";
import { auditTime } from "./time.ts";
import { auditTruth } from "./truth.ts";
import { auditUnsent } from "./unsent.ts";
import { auditVersions } from "./versions.ts";

export function audit(evidence: Evidence): readonly Violation[] {
	const history = new History(evidence);
	const grounds = { evidence, history, surroundings: new Surroundings(evidence) };
	return [
		...auditPromises(evidence),
		...evidence.deliveries.flatMap((delivery) => auditDelivery(delivery, grounds)),
		...auditSends(evidence, history),
		...auditTruth(evidence),
		...auditUnsent(grounds),
		...auditQuestions(evidence),
		...auditRetractions(grounds),
		...auditVersions(evidence, history),
		...auditTime(evidence),
	];
}

/** The rules that were broken, each once. */
export function rulesBroken(violations: readonly Violation[]): readonly Rule[] {
	return [...new Set(violations.map(({ rule }) => rule))];
}
