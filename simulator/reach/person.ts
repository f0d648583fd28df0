/** When a person is on IM, carries their pager, looks at their email: the same for every strategy. */
import type { Milliseconds } from "@posthaste/core";
import { Random } from "../random.ts";
import { day, faults, highestLevel, network, people, senders } from "./rates.ts";

interface Session {
	readonly from: Milliseconds;
	readonly to: Milliseconds;
	/** The server believes in it for so long. */
	readonly believedTo: Milliseconds;
}

/** Some days more than anything is sent, since what was sent last is seen later. */
const days = senders.weekLasts / day + 3;

export function exponential(random: Random, mean: Milliseconds): Milliseconds {
	return -mean * Math.log1p(-random.int(0, 2 ** 24 - 1) / 2 ** 24);
}

/** Times are counted from the midnight at which the week begins. */
export class Person {
	readonly id: string;
	readonly sessions: readonly Session[];
	readonly #looks: readonly Milliseconds[];
	readonly #carried: readonly boolean[];

	constructor(seed: number, id: string, level: number) {
		this.id = id;
		this.sessions = drawSessions(new Random(seed, `${id}/sessions`), level);
		this.#looks = drawLooks(new Random(seed, `${id}/email`));
		const random = new Random(seed, `${id}/pager`);
		this.#carried = Array.from({ length: (days * day) / people.pagerBlock }, () => random.chance(people.carriesPager));
	}

	isOnIm(at: Milliseconds): boolean {
		return this.sessions.some(({ from, to }) => from <= at && at < to);
	}

	/** What the IM server takes for true. */
	seemsOnIm(at: Milliseconds): boolean {
		return this.sessions.some(({ from, believedTo }) => from <= at && at < believedTo);
	}

	/** When a message is seen that came onto the device at this moment; it stays there until the next session. */
	seesIm(at: Milliseconds, random: Random): Milliseconds | undefined {
		const seen = at + random.length(...people.noticesIm);
		const session = this.sessions.find(({ from, to }) => from <= at && at < to);
		if (session !== undefined && seen < session.to) {
			return seen;
		}
		return this.sessions.find(({ from }) => from > at)?.from;
	}

	seesEmail(at: Milliseconds): Milliseconds | undefined {
		return this.#looks.find((look) => look >= at);
	}

	/** A pager that lies somewhere else is looked at when it is taken up again. */
	seesPager(at: Milliseconds, random: Random): Milliseconds | undefined {
		const heard = random.length(...people.noticesPager);
		const block = Math.floor(at / people.pagerBlock);
		if (this.#carried[block] === true) {
			return at + heard;
		}
		const next = this.#carried.indexOf(true, block);
		return next === -1 ? undefined : next * people.pagerBlock + heard;
	}
}

function drawSessions(random: Random, level: number): Session[] {
	const sessions: Session[] = [];
	for (let midnight = 0; midnight < days * day; midnight += day) {
		const end = midnight + people.sleeps;
		// The day begins somewhere in a pause.
		let from = midnight + people.wakes + exponential(random, people.pause) * random.int(0, 1);
		while (from < end) {
			const to = Math.min(end, from + exponential(random, people.session));
			const breaksOff = random.chance(faults.breaksOff * highestLevel) && random.chance(level / highestLevel);
			sessions.push({ from, to, believedTo: breaksOff ? to + network.noticedAfter : to });
			from = to + exponential(random, people.pause);
		}
	}
	return sessions;
}

function drawLooks(random: Random): Milliseconds[] {
	const looks: Milliseconds[] = [];
	for (let midnight = 0; midnight < days * day; midnight += day) {
		let look = midnight + people.wakes + exponential(random, people.betweenLooksAtEmail);
		while (look < midnight + people.sleeps) {
			looks.push(look);
			look += exponential(random, people.betweenLooksAtEmail);
		}
	}
	return looks;
}
