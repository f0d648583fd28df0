/** What tests of plugins need: a host, attempts, and the suites every plugin has to pass. */
export * from "./attempt.ts";
export * from "./host.ts";
export * from "./manager-conformance.ts";
export * from "./mechanism-conformance.ts";
export * from "./moves.ts";
export * from "./play.ts";
export * from "./play-as-explained.ts";
export * from "./scripted-mechanism.ts";
export type { PlayedMechanism, PlayOptions } from "./scripted-world.ts";
export * from "./test-manager.ts";
export * from "./virtual-clock.ts";
