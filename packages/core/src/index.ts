/** Everything of the core that plugins and the program may use. */
export * from "./condition.ts";
export * from "./duration.ts";
export * from "./errors.ts";
export * from "./explanation.ts";
export * from "./flow.ts";
export * from "./journal.ts";
export * from "./manager.ts";
export * from "./mechanism.ts";
export * from "./model.ts";
export * from "./outcome.ts";
export { isTimeZone } from "./quiet-hours.ts";
export * from "./reasons.ts";
export * from "./schema.ts";
export { namesMechanism, resolveSelectors } from "./selector.ts";
export * from "./snapshot.ts";
export * from "./wire.ts";
