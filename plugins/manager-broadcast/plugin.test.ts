import { managerConformance } from "@posthaste/core/testing";
import plugin from "./plugin.ts";

managerConformance(plugin, {
	settings: [
		{},
		{ mechanisms: ["im", "sms-1", "kind:email"], until: "delivered", within: "90s" },
		{ until: "accepted" },
	],
});
