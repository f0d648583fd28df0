/** The reference configuration of the design, with scripted mechanisms in place of the real ones. */
import type { ConfigurationDocument } from "posthaste";

export const reference: ConfigurationDocument = {
	mechanisms: {
		im2: { use: "test-im" },
		email: { use: "test-email" },
		pager: { use: "test-pager" },
	},
	managers: {
		standard: {
			use: "sequence",
			configurations: [
				{
					name: "urgent",
					when: 'message.priority == "urgent"',
					settings: {
						steps: [{ attempt: ["im2", "pager"], mode: "parallel", until: "acknowledged", within: "2m" }],
					},
				},
				{
					name: "normal",
					settings: {
						steps: [
							{ attempt: ["im2"], until: "delivered", within: "30s" },
							{ ask: "{recipient.name} is not available on IM. Send a page?", within: "5m", otherwise: "no" },
							{ attempt: ["pager"] },
						],
					},
				},
			],
		},
	},
	selection: [{ manager: "standard" }],
	users: {
		jsmith: {
			name: "John Smith",
			timezone: "America/New_York",
			mechanisms: [
				{ mechanism: "im2", address: { to: "jsmith@localhost" } },
				{ mechanism: "email", address: { to: "jsmith@example.com" } },
				{ mechanism: "pager", address: { to: "5551234" } },
			],
		},
		adoe: {
			name: "Ann Doe",
			mechanisms: [{ mechanism: "im2", address: { to: "adoe@localhost" } }],
		},
	},
};
