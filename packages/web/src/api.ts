/** Every request that the page makes, one function each. Failures are {@link ApiError}. */
import {
	type Draft,
	type ExplanationDocument,
	errorTable,
	type MessageDocument,
	type PageDocument,
	type Problem,
	type PromptDocument,
	type Resolution,
} from "@posthaste/core";
import type {
	AcceptedDocument,
	DevicesDocument,
	ManagerDocument,
	MechanismDocument,
	ServerDevice,
	UserDocument,
} from "./types.ts";

/** What went wrong with a request. Without a problem document nobody answered, or not as the API does. */
export class ApiError extends Error {
	readonly status: number | undefined;
	readonly problem: Problem | undefined;

	constructor(message: string, status?: number, problem?: Problem) {
		super(message);
		this.name = "ApiError";
		this.status = status;
		this.problem = problem;
	}

	/** What to do about it, in a sentence. */
	get remedy(): string {
		if (this.problem !== undefined) {
			return this.problem.remedy ?? errorTable[this.problem.code]?.remedy ?? "";
		}
		return "Check that the program is running; the page tries again by itself.";
	}

	/** Whether asking again may help. */
	get passing(): boolean {
		return this.status === undefined || this.status >= 500;
	}
}

let clockOffset = 0;

/** The server's clock as far as it is known: countdowns must not depend on how this machine's clock is set. */
export function serverNow(): number {
	return Date.now() + clockOffset;
}

/** The Date header counts whole seconds, so small differences say nothing. */
function noteClock(response: Response): void {
	const date = Date.parse(response.headers.get("date") ?? "");
	const offset = date - Date.now();
	clockOffset = Number.isFinite(offset) && Math.abs(offset) > 2_000 ? offset : 0;
}

async function request<Answer>(method: string, path: string, body?: unknown, headers?: HeadersInit): Promise<Answer> {
	const response = await reach(path, {
		method,
		headers: {
			accept: "application/json",
			...(body !== undefined && { "content-type": "application/json" }),
			...headers,
		},
		...(body !== undefined && { body: JSON.stringify(body) }),
	});
	noteClock(response);
	const text = await response.text();
	if (!response.ok) {
		throw failure(response, text);
	}
	return (text === "" ? undefined : JSON.parse(text)) as Answer;
}

async function reach(path: string, init: RequestInit): Promise<Response> {
	try {
		return await fetch(path, init);
	} catch {
		throw new ApiError("The server cannot be reached.");
	}
}

function failure(response: Response, text: string): ApiError {
	try {
		const problem = JSON.parse(text) as Problem;
		return new ApiError(problem.detail ?? problem.title, response.status, problem);
	} catch {
		return new ApiError(`The server answered ${response.status} ${response.statusText}.`, response.status);
	}
}

const segment = encodeURIComponent;

export const sendMessage = (draft: Draft, idempotencyKey: string) =>
	request<AcceptedDocument>("POST", "/v1/messages", draft, { "idempotency-key": idempotencyKey });

export const explain = (draft: Draft) => request<ExplanationDocument>("POST", "/v1/explain", draft);

const listOf = (query: string, cursor: string | undefined) =>
	request<PageDocument<MessageDocument>>(
		"GET",
		`/v1/messages?${query}${cursor === undefined ? "" : `&cursor=${segment(cursor)}`}`,
	);

/** Newest first. */
export const listMessages = (cursor?: string) => listOf("limit=20", cursor);

/** Messages with a delivery that a person has to decide about, newest first: so many that they are rarely not all. */
export const listHeld = (cursor?: string) => listOf("state=held&limit=50", cursor);

export const getMessage = (id: string) => request<MessageDocument>("GET", `/v1/messages/${segment(id)}`);

export const cancelMessage = (id: string) => request<unknown>("DELETE", `/v1/messages/${segment(id)}`);

export const resolveDelivery = (id: string, resolution: Resolution) =>
	request<unknown>("POST", `/v1/deliveries/${segment(id)}/resolve`, { resolution });

export const listPrompts = () => request<PageDocument<PromptDocument>>("GET", "/v1/prompts?limit=100");

export const answerPrompt = (id: string, answer: "yes" | "no") =>
	request<unknown>("POST", `/v1/prompts/${segment(id)}/answer`, { answer });

export const listUsers = () => request<PageDocument<UserDocument>>("GET", "/v1/users?limit=200");

export const listManagers = () => request<PageDocument<ManagerDocument>>("GET", "/v1/managers?limit=200");

export const listMechanisms = () => request<PageDocument<MechanismDocument>>("GET", "/v1/mechanisms?limit=200");

export const switchMechanism = (name: string, on: boolean) =>
	request<MechanismDocument>("POST", `/v1/mechanisms/${segment(name)}/${on ? "enable" : "disable"}`);

/** The demo's devices; null where the program does not run as the demo. */
export async function getDevices(): Promise<DevicesDocument | null> {
	try {
		return await request<DevicesDocument>("GET", "/demo/devices");
	} catch (error) {
		if (error instanceof ApiError && error.status === 404) {
			return null;
		}
		throw error;
	}
}

export const switchDevice = (device: ServerDevice, on: boolean) =>
	request<unknown>("PUT", `/demo/devices/${device}`, { on });

export const acknowledgePage = (id: string) =>
	request<unknown>("POST", `/demo/devices/pager/pages/${segment(id)}/acknowledge`);
