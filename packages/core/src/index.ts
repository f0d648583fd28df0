/** Everything of the core that plugins and the program may use. */

export { type Acceptance, compose, exceeds } from "./compose.ts";
export * from "./condition.ts";
export { configure } from "./configure.ts";
export { ConsultedCourse, type ConsultedManifest, consultedManager, type PastEffect } from "./consulted.ts";
export { type CourseStart, DeliveryCourse, NotDeterministicError } from "./dispatch.ts";
export * from "./duration.ts";
export * from "./errors.ts";
export { explainDelivery } from "./explain.ts";
export * from "./explanation.ts";
export * from "./flow.ts";
export { type HeldDelivery, resolutionsOf } from "./held.ts";
export * from "./journal.ts";
export { lookAgain } from "./look-again.ts";
export * from "./manager.ts";
export * from "./mechanism.ts";
export * from "./model.ts";
export * from "./outcome.ts";
export { isTimeZone } from "./quiet-hours.ts";
export * from "./reasons.ts";
export { routeEntry } from "./routing-policy.ts";
export * from "./schema.ts";
export { select } from "./select.ts";
export { namesMechanism } from "./selector.ts";
export * from "./sentences.ts";
export * from "./snapshot.ts";
export { thrownText } from "./thrown.ts";
export * from "./wire.ts";
