/** One end of a conversation in JSON-RPC 2.0: asks, tells, and answers what the other end asks. */
import { thrownText } from "@posthaste/core";
import {
	createJSONRPCErrorResponse,
	JSONRPCClient,
	JSONRPCErrorException,
	JSONRPCServer,
	JSONRPCServerAndClient,
} from "json-rpc-2.0";

/** Method by method, what goes in and what comes out. */
export type Methods = { readonly [name: string]: { readonly params: object; readonly result: object } };
export type Notices = { readonly [name: string]: object };

/** What carries messages to the other end. */
export type SendMessage = (message: object) => void;

/**
 * Looks at the parameters that the other end hands in, before anybody acts on them.
 * @returns them, or what to go by in their place
 * @throws what is answered instead
 */
export type CheckParams = (name: string, params: unknown) => unknown;

/** The other end does not answer any more, and why. */
export class PeerGone extends Error {}

/** Calls of the other end that may be unanswered at the same time; one more is refused. */
const callBudget = 1000;

export class Peer<
	Asks extends { [K in keyof Asks]: { params: object; result: unknown } },
	Tells extends { [K in keyof Tells]: object },
	Answers extends { [K in keyof Answers]: { params: object; result: unknown } },
	Hears extends { [K in keyof Hears]: object },
> {
	readonly #rpc: JSONRPCServerAndClient;
	readonly #check: CheckParams;
	#answering = 0;
	#gone: PeerGone | undefined;

	constructor(send: SendMessage, check: CheckParams = (_, params) => params) {
		this.#check = check;
		const server = new JSONRPCServer({ errorListener: () => undefined });
		server.mapErrorToJSONRPCErrorResponse = (id, error) =>
			createJSONRPCErrorResponse(id, codeOf(error), thrownText(error));
		const client = new JSONRPCClient(async (message) => send(message));
		this.#rpc = new JSONRPCServerAndClient(server, client, { errorListener: () => undefined });
	}

	/** Hands in a message of the other end. One that is not JSON-RPC is answered as such, or dropped. */
	receive(message: unknown): void {
		void this.#rpc.receiveAndSend(message, undefined, undefined).catch(() => undefined);
	}

	/**
	 * Asks and waits for the answer.
	 * @throws JSONRPCErrorException with the other end's code and words
	 * @throws PeerGone when it ends before it answers
	 */
	async ask<Name extends keyof Asks & string>(name: Name, params: Asks[Name]["params"]): Promise<Asks[Name]["result"]> {
		if (this.#gone !== undefined) {
			throw this.#gone;
		}
		try {
			return await this.#rpc.request(name, params, undefined);
		} catch (error) {
			throw this.#gone ?? error;
		}
	}

	tell<Name extends keyof Tells & string>(name: Name, params: Tells[Name]): void {
		if (this.#gone === undefined) {
			this.#rpc.notify(name, params, undefined);
		}
	}

	/** Answers a method. What is thrown goes back as an error. */
	answer<Name extends keyof Answers & string>(
		name: Name,
		method: (params: Answers[Name]["params"]) => Promise<Answers[Name]["result"]> | Answers[Name]["result"],
	): void {
		this.#rpc.addMethod(name, async (params) => {
			if (this.#answering >= callBudget) {
				throw new JSONRPCErrorException(`more than ${callBudget} calls are unanswered`, -32_000);
			}
			this.#answering += 1;
			try {
				return await method(this.#check(name, params) as Answers[Name]["params"]);
			} finally {
				this.#answering -= 1;
			}
		});
	}

	/** Takes what the other end tells. What is thrown goes nowhere. */
	hear<Name extends keyof Hears & string>(name: Name, listener: (params: Hears[Name]) => void): void {
		this.#rpc.addMethod(name, (params) => {
			listener(this.#check(name, params) as Hears[Name]);
			return null;
		});
	}

	/** Fails everything that is unanswered, now and from now on. */
	end(reason: string): void {
		this.#gone ??= new PeerGone(reason);
		this.#rpc.rejectAllPendingRequests(reason);
	}
}

/** What a plugin threw is told from what went wrong in between. */
function codeOf(error: unknown): number {
	return error instanceof JSONRPCErrorException ? error.code : -32_000;
}
