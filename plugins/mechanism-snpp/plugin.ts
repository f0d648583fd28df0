/** Pages through an SNPP server (RFC 1861), one connection for each page. */
import {
	type Attempt,
	defineMechanism,
	type Health,
	type MechanismHost,
	type MechanismInstance,
	type SendResult,
	thrownText,
} from "@posthaste/core";
import { Connection, ConnectionLost } from "./connection.ts";
import { pageOf, Unsuited } from "./page.ts";
import { ReceiptWatch } from "./receipts.ts";
import { isPositive, levelOf, lineOf } from "./reply.ts";
import { type Address, AddressSchema, type Options, optionsOf, type Settings, SettingsSchema } from "./settings.ts";
import { logIn, Refused, type Submission, submit } from "./transaction.ts";

export default defineMechanism<Settings, Address>({
	id: "snpp",
	apiVersion: 1,
	version: "1.0.0",
	kind: "pager",
	title: "Pager (SNPP)",
	description: "Sends pages through an SNPP server (RFC 1861), two-way with receipts where the server can.",
	settings: SettingsSchema,
	address: AddressSchema,
	// SNPP has nothing to tell a repeated page by, so a resend shows twice: no idempotency.
	capabilities: { receipts: "acknowledged", replies: true, retraction: true },
	async create(settings, host) {
		const instance = new SnppMechanism(optionsOf(settings), host);
		await instance.resume();
		return instance;
	},
});

class SnppMechanism implements MechanismInstance<Address> {
	readonly #options: Options;
	readonly #host: MechanismHost;
	readonly #closing = new AbortController();
	readonly #watch: ReceiptWatch;

	constructor(options: Options, host: MechanismHost) {
		this.#options = options;
		this.#host = host;
		this.#watch = new ReceiptWatch({
			host,
			every: options.receiptsEvery,
			responses: options.responses,
			timeout: options.timeout,
			connect: () => this.#connectLoggedIn(this.#closing.signal),
		});
	}

	async resume(): Promise<void> {
		await this.#watch.resume();
	}

	async send(attempt: Attempt<Address>, signal: AbortSignal): Promise<SendResult> {
		try {
			const page = pageOf(attempt, this.#options, this.#host.now());
			const submission = await this.#transact((connection) => submit(connection, page, this.#options), signal);
			await this.#follow(attempt, submission);
			return submission.result;
		} catch (error) {
			return resultOfError(error);
		}
	}

	/** The page is accepted whether or not its receipts can be followed. */
	async #follow(attempt: Attempt<Address>, { result, ticket }: Submission): Promise<void> {
		if (ticket === undefined || this.#closing.signal.aborted) {
			return;
		}
		const until = Math.max(attempt.deadline, this.#host.now() + this.#options.receiptsWithin);
		try {
			await this.#watch.add(attempt.id, { ...ticket, until, ...(result.level && { level: result.level }) });
		} catch (error) {
			this.#host.log.warn(
				{ attempt: attempt.id, error: thrownText(error) },
				"the page's receipts will not be followed",
			);
		}
	}

	/** Only a two-way page that is still watched can be asked about; for all others nobody knows. */
	async status(attempt: { readonly id: string }, signal: AbortSignal): Promise<SendResult> {
		const page = this.#watch.find(attempt.id);
		if (page === undefined) {
			return { outcome: "unknown", evidence: "SNPP has no name by which to ask about this page" };
		}
		try {
			const reply = await this.#ask(`MSTA ${page.tag} ${page.pass}`, signal);
			const level = levelOf(reply);
			const outcome = isPositive(reply) ? "accepted" : reply.code === 780 ? "unavailable" : "unknown";
			return { outcome, evidence: lineOf(reply), reference: page.tag, ...(level !== undefined && { level }) };
		} catch (error) {
			return { outcome: "unknown", evidence: thrownText(error) };
		}
	}

	/** KTAG takes back a two-way page; any other stays where it is. */
	async retract(attempt: { readonly id: string }, signal: AbortSignal): Promise<boolean> {
		const page = this.#watch.find(attempt.id);
		if (page === undefined) {
			return false;
		}
		try {
			const reply = await this.#ask(`KTAG ${page.tag} ${page.pass}`, signal);
			if (isPositive(reply) && !this.#closing.signal.aborted) {
				await this.#watch.forget(attempt.id);
			}
			return isPositive(reply);
		} catch {
			return false;
		}
	}

	async health(signal: AbortSignal): Promise<Health> {
		try {
			const connection = await this.#connectLoggedIn(AbortSignal.any([signal, this.#closing.signal]));
			connection.quit();
			return { healthy: true, detail: lineOf(connection.greeting) };
		} catch (error) {
			return { healthy: false, detail: thrownText(error) };
		}
	}

	async close(): Promise<void> {
		this.#closing.abort(new ConnectionLost("the mechanism was closed"));
		await this.#watch.close();
	}

	#ask(command: string, signal: AbortSignal) {
		return this.#transact(async (connection) => {
			await logIn(connection, this.#options);
			return connection.command(command, this.#options.timeout);
		}, signal);
	}

	/** One connection for one piece of work; it ends with it. */
	async #transact<T>(work: (connection: Connection) => Promise<T>, signal: AbortSignal): Promise<T> {
		const { server, timeout } = this.#options;
		const connection = await Connection.open(server, timeout, AbortSignal.any([signal, this.#closing.signal]));
		try {
			return await work(connection);
		} finally {
			connection.quit();
		}
	}

	async #connectLoggedIn(signal: AbortSignal): Promise<Connection> {
		const connection = await Connection.open(this.#options.server, this.#options.timeout, signal);
		try {
			await logIn(connection, this.#options);
			return connection;
		} catch (error) {
			connection.cut();
			throw error;
		}
	}
}

/** Nothing has left before SEND; once it has, a lost connection says nothing about the page. */
function resultOfError(error: unknown): SendResult {
	if (error instanceof Refused) {
		return { outcome: error.outcome, evidence: error.message };
	}
	if (error instanceof Unsuited) {
		return { outcome: "rejected", evidence: error.message };
	}
	if (error instanceof ConnectionLost) {
		return { outcome: error.written === "SEND" ? "unknown" : "failed", evidence: error.message };
	}
	throw error;
}

export type { Address, Settings };
