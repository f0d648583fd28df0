export { formatComplaints, withPlaces } from "./complaints.ts";
export { excerpt } from "./excerpt.ts";
export { configurationSchema } from "./json-schema.ts";
export { type Following, followConfiguration, loadAndApply } from "./load.ts";
export { type ConfigurationFile, readConfiguration } from "./read.ts";
export { type Watching, watchConfiguration } from "./watch.ts";
