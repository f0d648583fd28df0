/**
 * Whatever order sends, connections, receipts, crashes and replacements of the instance come in, and
 * however long the disk takes: what was accepted is shown, nothing is shown twice, nothing that was
 * certainly not delivered is shown, and no receipt is lost.
 */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { covers } from "./protocol.ts";
import { inboxes, type Page, Program, type Sent, step } from "./test-program.ts";

function checkPage(program: Program, page: Page): void {
	expect(new Set(page.shown).size, "each message once on a page").toBe(page.shown.length);
	for (const [attempt, level] of page.left ? [] : page.given) {
		const kept = program.receipts.some((receipt) => receipt.attempt === attempt && covers(receipt.level, level));
		expect(kept, `receipt ${level} of ${attempt}`).toBe(true);
	}
}

/** `fresh` is a page that opened when all was calm. */
function checkSent(program: Program, sent: Sent, fresh: Page): void {
	const { id } = sent;
	const wasShown = program.pages.some(({ shown }) => shown.includes(id));
	const hasReceipt = program.receipts.some(({ attempt }) => attempt === id);
	const hasExpired = sent.expiresAt !== undefined && sent.expiresAt <= program.now;
	if (sent.accepted && !hasExpired && !sent.retracting) {
		expect(wasShown, `${id} was accepted`).toBe(true);
		expect(fresh.shown.includes(id) || hasReceipt, `${id} is shown until there is a receipt`).toBe(true);
	}
	if (hasExpired || sent.retracted || program.pages.some(({ confirmed }) => confirmed.has(id))) {
		expect(fresh.shown, `${id} need not be shown any more`).not.toContain(id);
	}
	if (sent.outcome === "unavailable") {
		expect(wasShown, `${id} was certainly not delivered`).toBe(false);
		expect(sent.accepted, `${id} was accepted and then not`).toBe(false);
	}
}

describe.each([{ absent: "refuse" }, { absent: "keep" }] as const)(
	"for any interleaving, with $absent,",
	(settings) => {
		beforeEach(() => {
			vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
		});
		afterEach(() => {
			vi.useRealTimers();
		});

		it("what was accepted is shown, once, and no receipt is lost", async () => {
			await fc.assert(
				fc.asyncProperty(
					fc.scheduler(),
					fc.array(fc.tuple(step, fc.nat(6)), { minLength: 1, maxLength: 40, size: "max" }),
					async (scheduler, steps) => {
						const program = new Program(scheduler, settings);
						await program.start();
						for (const [each, progress] of steps) {
							await program.take(each);
							for (let count = Math.min(progress, scheduler.count()); count > 0 && scheduler.count() > 0; count -= 1) {
								await scheduler.waitOne();
							}
							await vi.advanceTimersByTimeAsync(progress);
						}
						await program.calm();
						const fresh = new Map(inboxes.map((inbox) => [inbox, program.open(inbox)]));
						await program.calm();
						for (const page of program.pages) {
							checkPage(program, page);
						}
						for (const sent of program.sent) {
							checkSent(program, sent, fresh.get(sent.inbox) as Page);
						}
						await program.end();
					},
				),
				{ numRuns: 300 },
			);
		});
	},
);
