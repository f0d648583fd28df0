import { managerConformance } from "@posthaste/core/testing";
import plugin from "./plugin.ts";

managerConformance(plugin, {
	settings: [
		{
			steps: [
				{ attempt: ["im2"], until: "delivered", within: "30s" },
				{ ask: "{recipient.name} is not available on IM. Send a page?", within: "5m", otherwise: "no" },
				{ attempt: ["pager"] },
			],
		},
		{
			steps: [
				{ note: "Everything on the desk first." },
				{ attempt: ["im", "kind:chat", "email"], mode: "parallel", until: "read", within: "2m" },
				{ wait: "10m" },
				{ attempt: ["kind:sms", "kind:push"], until: "delivered", within: "1m" },
				{ ask: "Wake them?", within: "1m", otherwise: "yes" },
				{ attempt: ["webhook", "pager"], mode: "parallel", until: "acknowledged", within: "5m" },
			],
		},
		{ steps: [{ attempt: ["im2", "sms2", "email"] }, { attempt: ["im2"] }] },
	],
});
