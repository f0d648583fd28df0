/** One mail transport: what an instance of the mechanism does. */
import {
	type Attempt,
	type Health,
	type MechanismHost,
	type MechanismInstance,
	type SendResult,
	thrownText,
} from "@posthaste/core";
import nodemailer, { type PluginFunction, type SendMailOptions } from "nodemailer";
import { type MailSettings, mailOf } from "./mail.ts";
import { evidenceOf, outcomeOfError } from "./outcome.ts";
import { type EmailAddress, type EmailSettings, parseMailbox, transportOptions } from "./settings.ts";

/** A mail that wants to know when the last of its bytes goes to the connection. */
interface TrackedMail extends SendMailOptions {
	readonly onLastByte: () => void;
}

/**
 * The message's stream ends when the connection has taken the last of it, just before the dot. It is
 * read only after the server has agreed to DATA, so a stream that has not ended means no dot was sent.
 */
const trackLastByte: PluginFunction = (mail, done) => {
	const { onLastByte } = mail.data as unknown as TrackedMail;
	mail.message.processFunc((stream) => stream.once("end", onLastByte));
	done();
};

export async function create(settings: EmailSettings, host: MechanismHost): Promise<MechanismInstance<EmailAddress>> {
	const transport = nodemailer.createTransport(transportOptions(settings));
	transport.use("stream", trackLastByte);
	const closing = new AbortController();
	transport.on("error", (error) => {
		if (!closing.signal.aborted) {
			host.log.warn({ error: evidenceOf(error.message) }, "the SMTP connection failed");
		}
	});
	const mailSettings: MailSettings = { ...settings, sender: parseMailbox(settings.from) };

	async function send(attempt: Attempt<EmailAddress>, signal: AbortSignal): Promise<SendResult> {
		if (signal.aborted || host.now() >= attempt.deadline) {
			return { outcome: "failed", evidence: "the time for this attempt was over before anything was sent" };
		}
		let left = false;
		const begun = host.now();
		const mail: TrackedMail = {
			...mailOf(attempt, mailSettings),
			signal: AbortSignal.any([signal, closing.signal]),
			onLastByte() {
				left = true;
			},
		};
		try {
			const info = await transport.sendMail(mail);
			return { outcome: "accepted", evidence: evidenceOf(info.response), reference: info.messageId };
		} catch (error) {
			const why = closing.signal.aborted ? "the mechanism was closed" : `no answer within ${host.now() - begun} ms`;
			return outcomeOfError(error, left, why);
		}
	}

	return {
		send,
		health: (signal) => health(transport, AbortSignal.any([signal, closing.signal])),
		async close() {
			closing.abort(new Error("the mechanism was closed"));
			transport.close();
		},
	};
}

/** Connects, greets and signs in, and sends nothing. */
async function health(transport: { verify(): Promise<true> }, signal: AbortSignal): Promise<Health> {
	const aborted = Promise.withResolvers<never>();
	const abort = () => aborted.reject(new Error("the server did not answer in time"));
	signal.addEventListener("abort", abort, { once: true });
	try {
		signal.throwIfAborted();
		await Promise.race([transport.verify(), aborted.promise]);
		return { healthy: true };
	} catch (error) {
		return { healthy: false, detail: evidenceOf(thrownText(error)) };
	} finally {
		signal.removeEventListener("abort", abort);
	}
}
