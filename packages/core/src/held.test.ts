/** What a person is offered to decide about a held delivery is what moves it. */
import { expect, test } from "vitest";
import { resolutionsOf } from "./held.ts";
import { askSender, attempt, type Course } from "./manager.ts";
import { type PlayedDelivery, play } from "./testing/index.ts";
import { testManager } from "./testing/test-manager.ts";

function begin(deliver: () => Course): PlayedDelivery {
	return play(testManager(deliver), {}, { mechanisms: { im2: { kind: "im" } }, unknown: "hold" });
}

/** Of an outcome that nobody knows. */
function inDoubt(): PlayedDelivery {
	const delivery = begin(function* () {
		yield* attempt(["im2"]);
	});
	delivery.outcome("im2", "unknown");
	return delivery;
}

function withoutManager(): PlayedDelivery {
	const delivery = begin(function* () {
		yield* askSender("Go on?");
	});
	delivery.strand("no-such-manager", "manager plugin test 1.0.0 is not there");
	return delivery;
}

/** The manager is back, and fails. */
function failedAfterwards(): PlayedDelivery {
	const delivery = begin(function* () {
		yield* askSender("Go on?");
		throw new Error("no idea what next");
	});
	delivery.strand("no-such-manager", "manager plugin test 1.0.0 is not there");
	delivery.answer("yes");
	return delivery;
}

function failed(): PlayedDelivery {
	return begin(() => {
		throw new Error("at once");
	});
}

test.each([
	["in doubt about an outcome", inDoubt, ["resend", "next", "end"], ["resend", "next", "end"]],
	["without its manager", withoutManager, ["next", "end"], ["resend", "next", "end"]],
	["that its manager failed", failed, ["end"], ["end"]],
	["that its manager failed once it was back", failedAfterwards, ["end"], ["end"]],
] as const)("one %s", (_, hold, offered, moving) => {
	const delivery = hold();
	expect(delivery.state).toBe("held");
	expect(resolutionsOf(delivery)).toEqual(offered);
	const moved = (["resend", "next", "end"] as const).filter((resolution) => {
		const course = delivery.replayed();
		course.handle({ type: "resolved", resolution }, delivery.now);
		return course.state !== "held";
	});
	expect(moved).toEqual(moving);
});
