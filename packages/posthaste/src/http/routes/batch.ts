/** Many messages in one request: a draft on each line in, an answer on each line out, in order. */
import { Readable } from "node:stream";
import { type Draft, DraftSchema, type Milliseconds, PosthasteError } from "@posthaste/core";
import { bulkhead } from "cockatiel";
import { Type } from "typebox";
import { type App, answerOf, problems, type RouteContext, requestLimit } from "../app.ts";
import { letGoUnread, OpenBatch, receive } from "../batch-bounds.ts";
import { mapInOrder } from "../in-order.ts";
import { readJson } from "../json.ts";
import { type Line, splitLines } from "../lines.ts";
import { type ProblemDocument, toProblem } from "../problems.ts";
import { compileCheck } from "../validation.ts";

const ndjson = "application/x-ndjson";

/** Most groups of lines of one batch that are being written at once. */
const groupsUnderWay = 8;

/** As many of all batches together. More would not be written sooner, and wait for places with their mechanisms. */
const groupsOfAll = 16;

/** Bytes of answers that are kept for a client that sends everything before it reads anything. */
const answersKept = 4 * 1024 * 1024;

/** A batch that stands still for so long is ended. */
const patience: Milliseconds = 60_000;

const description =
	"Each line is a message as `POST /v1/messages` takes it. The answer has one line for each, in the same order: " +
	'`{"line":1,"status":202,"id":…}` or `{"line":2,"status":422,"problem":{…}}`. Lines come as messages are on disk; ' +
	"read them while sending, since after some megabytes of unread answers no more is taken in. Blank lines are passed " +
	"over. What was accepted stays so when the connection breaks. A batch of which nothing comes for a minute, blank lines " +
	"included, is ended with a last answer that says so, as is one for which there is no room; what follows the lines " +
	"answered with 202 is to be sent again.";

/** The scope takes no other content type than lines, and streams them. */
export async function batchRoutes(app: App, context: RouteContext): Promise<void> {
	const turns = bulkhead(groupsOfAll, Number.POSITIVE_INFINITY);
	app.removeAllContentTypeParsers();
	app.addContentTypeParser([ndjson, "application/ndjson", "application/jsonl"], (_request, payload, done) =>
		done(null, payload),
	);
	app.post(
		"/v1/messages/batch",
		{
			onRequest: context.door.batch,
			// The body is a stream, which is checked line by line.
			validatorCompiler: () => (value: unknown) => ({ value }),
			schema: {
				tags: ["messages"],
				operationId: "sendMessages",
				summary: "Accepts many messages",
				description,
				body: { content: { [ndjson]: { schema: Type.String({ description: "One message on each line" }) } } },
				response: {
					200: answerOf(Type.String({ description: "One answer on each line" }), "The answers", undefined, ndjson),
					...problems,
				},
			},
		},
		async (request, reply) => {
			if (request.headers["idempotency-key"] !== undefined) {
				throw new PosthasteError(
					"invalid-request",
					"A batch takes no Idempotency-Key: each message would need its own",
				);
			}
			if (!(request.body instanceof Readable)) {
				throw new PosthasteError("invalid-request", "The request has no body");
			}
			const limit = context.batchPatience ?? patience;
			letGoUnread(reply.raw, limit);
			const batch = new OpenBatch(request.admission, requestLimit);
			const answers = mapInOrder(
				splitLines(receive(request.body, batch, limit), requestLimit),
				(lines) => batch.during(bytesOf(lines), () => turns.execute(() => answer(lines, context))),
				groupsUnderWay,
			);
			const unread = batch.answers(Readable.from(answers, { objectMode: false, highWaterMark: answersKept }));
			return reply.type(ndjson).send(unread);
		},
	);
}

function bytesOf(lines: readonly Line[]): number {
	return lines.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
}

const checkDraft = compileCheck(DraftSchema);

/** Reads a group of lines, hands the drafts among them over together, and writes the answers. */
async function answer(lines: readonly Line[], context: RouteContext): Promise<string> {
	const read = lines.map((line) => readDraft(line, context));
	const results = (await handOver(read.filter(isDraft), context)).values();
	let text = "";
	for (const [index, { number: line }] of lines.entries()) {
		const each = read[index];
		const result = each !== undefined && isDraft(each) ? results.next().value : each;
		text += `${JSON.stringify({ line, ...result })}\n`;
	}
	return text;
}

/** The part of a line's answer that is not its number. */
type Answer = { readonly status: 202; readonly id: string } | Refusal;
interface Refusal {
	readonly status: number;
	readonly problem: ProblemDocument;
}

async function handOver(drafts: readonly Draft[], context: RouteContext): Promise<readonly Answer[]> {
	if (drafts.length === 0) {
		return [];
	}
	await context.door.room();
	try {
		const results = await context.posthaste.sendMany(drafts);
		return results.map((result) =>
			result instanceof Error ? refusal(result, context) : { status: 202, id: result.id },
		);
	} catch (error) {
		const answer = refusal(error, context);
		// Each line is one refusal; the first is counted already.
		for (const _ of drafts.slice(1)) {
			context.observer?.refused(answer.problem.code);
		}
		return drafts.map(() => answer);
	}
}

function refusal(error: unknown, { log, observer }: RouteContext): Refusal {
	const problem = toProblem(error, log);
	observer?.refused(problem.code);
	return { status: problem.status, problem };
}

/** Drafts have no status: their schema is closed. */
function isDraft(read: Draft | Answer): read is Draft {
	return !("status" in read);
}

function readDraft({ number, bytes, problem }: Line, context: RouteContext): Draft | Answer {
	if (problem !== undefined) {
		return refusal(problem, context);
	}
	if (bytes === undefined) {
		return refusal(new PosthasteError("too-large", `Line ${number} has more than ${requestLimit} bytes`), context);
	}
	try {
		const draft = readJson(bytes, number);
		const error = checkDraft(draft);
		return error === undefined ? (draft as Draft) : refusal(error, context);
	} catch (error) {
		return refusal(error, context);
	}
}
