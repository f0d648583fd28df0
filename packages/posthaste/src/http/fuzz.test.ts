/**
 * Ten thousand requests made from the OpenAPI document. None may end in a 500, every error is a
 * problem document, and every answer has the shape that the document says.
 *
 * Repeat a run with `FUZZ_SEED=…`, which is printed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import fc from "fast-check";
import { pino } from "pino";
import type { TSchema } from "typebox";
import { Compile } from "typebox/schema";
import { expect, it, onTestFinished } from "vitest";
import { readConfiguration } from "../config/index.ts";
import { createPosthaste } from "../create-posthaste.ts";
import type { ConfigurationDocument } from "../posthaste.ts";
import { problemType } from "./problems.ts";
import { createHttpServer } from "./server.ts";
import { type GeneratedRequest, type OpenapiDocument, type Operation, requests } from "./testing/request-arbitrary.ts";

const runs = 10_000;
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

const configuration: ConfigurationDocument = {
	mechanisms: { im2: { use: "web" } },
	managers: {
		standard: { use: "sequence", configurations: [{ name: "normal", settings: { steps: [{ attempt: ["im2"] }] } }] },
		asking: {
			use: "sequence",
			configurations: [{ name: "ask", settings: { steps: [{ ask: "May I?", within: "1h", otherwise: "no" }] } }],
		},
	},
	users: {
		jsmith: { name: "John Smith", mechanisms: [{ mechanism: "im2", address: { inbox: "jsmith" } }] },
		jdoe: { name: "Jane Doe", mechanisms: [] },
	},
};

const users = [...Array<string>(6).fill("jsmith"), "jdoe", "jdoe", "ann"];
const mechanisms = ["im2", "im2", "spare"];
const managers = ["standard", "standard", "asking", "asking", "other"];
const conditions = ['message.priority == "high"', "true", 'message.properties.own == "x"', "now > timestamp(0)"];

/** What the server knows, by the key it stands at. Some of it is wrong there: a mechanism plugin where a manager's is due. */
const words = {
	...{ to: users, users, recipient: users, from: ["ops"], sender: ["ops"] },
	...{ mechanisms, mechanism: mechanisms, managers, manager: managers, defaultManager: managers },
	use: ["web", "sequence", "broadcast"],
	...{ when: conditions, expires: ["10m", "1d", "2100-01-01T00:00:00Z"], timezone: ["UTC", "Europe/Paris"] },
	...{ at: ["2026-12-24T18:00:00Z"], body: ["Disk full"], state: [], cursor: [] },
};

const values = {
	settings: [
		{},
		{ steps: [{ attempt: ["im2"] }] },
		{
			steps: [
				{ ask: "Well?", within: "1h" },
				{ attempt: ["im"], within: "1m" },
			],
		},
	],
	address: [{ inbox: "jsmith" }],
};

async function startServer() {
	const data = await mkdtemp(join(tmpdir(), "fuzz-"));
	const posthaste = await createPosthaste({ data });
	// A file's records stay, whatever the requests change and delete beside them.
	await posthaste.configuration.apply(configuration, { file: { path: "fuzz.yaml", lineOf: () => 1 } });
	await posthaste.selection.put({ rules: [{ manager: "standard" }] });
	const failures: string[] = [];
	const log = pino({ level: "error" }, { write: (line: string) => void failures.push(line) });
	const parseYaml = (text: string) => readConfiguration(text, "the request").document;
	const app = await createHttpServer({
		posthaste,
		log,
		parseYaml,
		ready: () => posthaste.ready(),
		metrics: async () => "",
	});
	onTestFinished(async () => {
		await app.close();
		await posthaste.close();
		await rm(data, { recursive: true });
	});
	const messages: string[] = [];
	for (const manager of Array<string>(10).fill("asking")) {
		messages.push((await posthaste.send({ to: ["jsmith"], from: "ops", body: "x", manager })).id);
	}
	await posthaste.idle();
	const deliveries = messages.map((id) => `${id}.1`);
	const { items } = await posthaste.prompts.list();
	return { app, failures, words: { ...words, messages, deliveries, prompts: items.map(({ id }) => id) } };
}

type Server = Awaited<ReturnType<typeof startServer>>;

/** Event streams do not end by themselves, so their answer is taken as it begins. */
async function ask({ app }: Server, { operation, request }: GeneratedRequest) {
	const isStream = operation.responses["200"]?.content?.["text/event-stream"] !== undefined;
	const answer = await app.inject({ ...request, payloadAsStream: isStream } as never);
	const { statusCode, headers } = answer as { statusCode: number; headers: Record<string, string | undefined> };
	if (!isStream) {
		return { status: statusCode, type: headers["content-type"] ?? "", body: (answer as { body: string }).body };
	}
	const stream = (answer as { stream(): Readable }).stream();
	stream.on("error", () => {});
	const body = statusCode >= 400 ? (await stream.toArray()).join("") : "";
	stream.destroy();
	return { status: statusCode, type: headers["content-type"] ?? "", body };
}

/** Checks an answer against the schema that the document has for it. */
function answerChecks(document: OpenapiDocument) {
	const compiled = new Map<string, (value: unknown) => boolean>();
	return ({ operationId, responses }: Operation, status: number, type: string, body: string): boolean => {
		const key = `${operationId} ${status}`;
		let check = compiled.get(key);
		if (check === undefined) {
			const [media = ""] = type.split(";");
			const schema = (responses[status] ?? responses.default)?.content?.[media]?.schema;
			expect.soft(schema, `${key} ${media} is not in the document`).toBeDefined();
			const validator = Compile({ components: document.components, allOf: [schema ?? {}] } as TSchema);
			check = (value) => validator.Check(value);
			compiled.set(key, check);
		}
		return check(JSON.parse(body));
	};
}

it(`survives ${runs} requests made from its own document`, { timeout: 120_000 }, async () => {
	console.info(`FUZZ_SEED=${seed}`);
	const server = await startServer();
	const document = JSON.parse(JSON.stringify(server.app.swagger())) as OpenapiDocument;
	const fits = answerChecks(document);
	const met = new Map<string, number>();
	await fc.assert(
		fc.asyncProperty(requests(document, { words: server.words, values }), async (generated) => {
			const { operation } = generated;
			const { status, type, body } = await ask(server, generated);
			met.set(`${operation.operationId} ${status}`, (met.get(`${operation.operationId} ${status}`) ?? 0) + 1);
			expect([status, server.failures]).toEqual([status, []]);
			expect(status).not.toBe(500);
			// Not being ready is an answer, and no error: the requests before may have switched every mechanism off.
			if (status >= 400 && `${operation.operationId} ${status}` !== "getReadiness 503") {
				expect(type).toContain(problemType);
				expect(JSON.parse(body)).toMatchObject({ status });
			}
			if (type.includes("json") && !type.includes("ndjson")) {
				expect([body.slice(0, 2000), fits(operation, status, type, body)]).toEqual([body.slice(0, 2000), true]);
			}
		}),
		{ seed, numRuns: runs },
	);
	expect([...met.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(runs);
	// The requests were not all refused at the door: every operation was met, and most succeeded at times.
	const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
	const succeeded = operations.filter(({ operationId }) =>
		[...met.keys()].some((key) => key.startsWith(`${operationId} 2`)),
	);
	expect(succeeded.length).toBeGreaterThan(operations.length * 0.8);
});
