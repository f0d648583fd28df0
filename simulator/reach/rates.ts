/**
 * Everything that the comparison assumes, in one place. The rates were chosen before the first run and
 * not changed after it. Where a measured figure was found its source stands beside it; the rest is
 * assumed. At fault level x, what is in `faults` happens x times as often; people stay as they are.
 */
import type { Milliseconds } from "@posthaste/core";

const second: Milliseconds = 1000;
export const minute: Milliseconds = 60 * second;
export const hour: Milliseconds = 60 * minute;
export const day: Milliseconds = 24 * hour;

/** A length of time drawn evenly over its orders of magnitude: mostly short, now and then long. */
export type Between = readonly [shortest: Milliseconds, longest: Milliseconds];

export const channels = ["im", "email", "pager"] as const;
export type Channel = (typeof channels)[number];

/** The highest fault level. Faults are drawn for it, and left out for the lower ones, so that levels differ in nothing else. */
export const highestLevel = 4;

export interface ChannelFaults {
	/** Chances that a call fails; that nobody can say (half of those arrive); that it is accepted and lost; that it arrives twice. */
	readonly fails: number;
	readonly unknown: number;
	readonly loses: number;
	readonly doubles: number;
	readonly losesReceipt: number;
}

/**
 * Outages: a status page's record of two years, 31 of them and 78 h 32 min in all
 * (pingoru.io/providers/courier/outage-history, since 2024-05-28), taken for each mechanism.
 */
const recordedOutages = { count: 31, weeks: 104, lasting: 78 * hour + 32 * minute };

export const faults = {
	outagesPerWeek: recordedOutages.count / recordedOutages.weeks,
	meanOutage: recordedOutages.lasting / recordedOutages.count,
	/** How a mechanism that is down answers, as weights. Assumed. */
	outageKinds: { refuses: 60, silent: 25, swallows: 15 },
	/** Outages of all mechanisms at once, as when the site's own connection is down. Assumed. */
	sharedOutagesPerWeek: 0.05,
	meanSharedOutage: hour,
	/** The process dies: half of the times at a random moment, half in the middle of its next work. Assumed. */
	crashesPerWeek: 7,
	downtime: [5 * second, 10 * minute] as Between,
	channels: {
		im: { fails: 0.01, unknown: 0.005, loses: 0.005, doubles: 0.002, losesReceipt: 0.02 },
		/** Loses: 0.71 to 1.02 % silently lost, measured (Agarwal, Padmanabhan, Joseph: SureMail, USENIX ATC 2007). */
		email: { fails: 0.02, unknown: 0.005, loses: 0.009, doubles: 0.002, losesReceipt: 0 },
		/** Loses: "typically 98 % of messages actually delivered", of SMS (ETSI EMTEL at ITU-T, October 2006), the nearest figure found. */
		pager: { fails: 0.01, unknown: 0.005, loses: 0.02, doubles: 0.005, losesReceipt: 0.05 },
	} satisfies Record<Channel, ChannelFaults>,
	/** Chance that an IM session breaks off unnoticed. Assumed. */
	breaksOff: 0.1,
	/** Chance that the IM server says absent of somebody who is there. Assumed. */
	saysAbsent: 0.01,
	/** Chance that an email waits for a relay's next try. Assumed. */
	emailIsSlow: 0.03,
} as const;

export const network = {
	answers: [50, 2 * second] as Between,
	/** After this time without an answer a mechanism says `unknown`. */
	givesUp: 10 * second,
	travels: {
		im: [50, 2 * second],
		email: [second, 30 * second],
		pager: [5 * second, 30 * second],
	} satisfies Record<Channel, Between>,
	/** A relay tries again after half an hour at the least (RFC 5321 §4.5.4.1). */
	slowEmail: [30 * minute, 90 * minute] as Between,
	receipt: [50, 5 * second] as Between,
	/** A session that broke off counts as there for "around 20 mins" more (processone/ejabberd#417). */
	noticedAfter: 20 * minute,
} as const;

export const people = {
	count: 20,
	wakes: 7 * hour,
	sleeps: 23 * hour,
	/**
	 * On IM 12.1 of 24 hours, and back within 5 minutes in 75 % of the cases when not attentive, measured
	 * (Dingler and Pielot: I'll be there for you, MobileHCI 2015). Sessions and pauses alternate while awake.
	 */
	session: 95 * minute,
	pause: 30 * minute,
	noticesIm: [5 * second, 20 * minute] as Between,
	/** Half of all replies come within 47 minutes, measured (Kooti et al., WWW 2015); looks come at random while awake. */
	betweenLooksAtEmail: (47 * minute) / Math.LN2,
	/** Carried in so many of the blocks of four hours; heard at night as by day. Assumed. */
	carriesPager: 0.9,
	pagerBlock: 4 * hour,
	noticesPager: [5 * second, 5 * minute] as Between,
	/** Who has seen an urgent message confirms it. Assumed. */
	confirms: 0.85,
	confirmsAfter: [2 * second, minute] as Between,
} as const;

/** Assumed. */
export const senders = {
	messagesPerWeek: 100,
	weekLasts: 7 * day,
	urgent: 0.2,
	/** Programs send at all hours, with `prompts: yes`. People send between eight and twenty, and are asked. */
	programs: 1 / 3,
	from: 8 * hour,
	to: 20 * hour,
	answers: 0.85,
	answersAfter: [5 * second, 10 * minute] as Between,
	saysYes: 0.9,
	expires: { urgent: hour, normal: 4 * hour },
	triesAgain: 7 * second,
} as const;
