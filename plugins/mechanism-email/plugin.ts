/** Mail over SMTP (RFC 5321), as text and as HTML. */
import { defineMechanism } from "@posthaste/core";
import { AddressSchema, type EmailAddress, type EmailSettings, SettingsSchema } from "./settings.ts";

export default defineMechanism<EmailSettings, EmailAddress>({
	id: "email",
	apiVersion: 1,
	version: "1.0.0",
	kind: "email",
	title: "Email",
	description: "Hands mail to an SMTP server, as text and as HTML",
	settings: SettingsSchema,
	address: AddressSchema,
	// A resend has the same Message-ID, but not every mail store looks at it, so deduplication is not claimed.
	capabilities: {},
	// The mail libraries are large, so who has no mail mechanism does not load them.
	create: async (settings, host) => (await import("./instance.ts")).create(settings, host),
});
