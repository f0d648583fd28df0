export type { DatabasesApplyOptions } from "./apply.ts";
export type { DatabasesChange } from "./change-log.ts";
export type { PluginSource } from "./check-world.ts";
export type { ConfigurationDatabase } from "./configuration.ts";
export { Databases, type DatabasesOptions } from "./databases.ts";
export type { MechanismDatabase } from "./mechanism-database.ts";
export { type Environment, maskSecrets, resolveSecrets, secretMask } from "./secrets.ts";
export type { Activity, LeftOut } from "./snapshots.ts";
