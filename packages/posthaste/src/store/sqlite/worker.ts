/** The store's threads: one that writes, one that reads lists. Requests are answered in order. */
import { dirname } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { openReader } from "./connection.ts";
import { SqliteCore } from "./core.ts";
import { sendError } from "./errors.ts";
import type { Primitive } from "./operations.ts";
import { ListReads, type MessageListQuery, type PromptListQuery, type UserListQuery } from "./read-lists.ts";
import type { Request, Response, ThreadData } from "./thread.ts";

type Calls = Readonly<Record<string, (argument: never) => unknown>>;

function writer({ path, maxBytes }: ThreadData): Calls {
	const core = new SqliteCore({ path, ...(maxBytes !== undefined && { maxBytes }) });
	return {
		open: () => undefined,
		commit: (operations: readonly Primitive[]) => core.commit(operations),
		close: () => core.close(),
	};
}

function reader({ path }: ThreadData): Calls {
	const connection = openReader(path);
	const lists = new ListReads(connection);
	return {
		open: () => undefined,
		messages: (query: MessageListQuery) => lists.messages(query),
		prompts: (query: PromptListQuery) => lists.prompts(query),
		users: (query: UserListQuery) => lists.users(query),
		countDeliveries: () => lists.countDeliveries(),
		countPins: () => lists.countPins(),
		close: () => connection.close(),
	};
}

const data = workerData as ThreadData;
let calls: Calls | undefined;

function answer([call, argument]: Request): Response {
	try {
		calls ??= data.role === "writer" ? writer(data) : reader(data);
		const named = calls[call];
		if (named === undefined) {
			throw new Error(`the ${data.role} thread knows no call ${call}`);
		}
		return [true, named(argument as never)];
	} catch (error) {
		return [false, sendError(error, dirname(data.path))];
	}
}

parentPort?.on("message", (request: Request) => {
	// The thread ends by itself, with what it holds of SQLite let go: being terminated is no time to do that.
	if (request[0] === "end") {
		parentPort?.close();
	} else {
		parentPort?.postMessage(answer(request));
	}
});
