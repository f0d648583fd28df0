/** The comparison in small: the worlds are the same, the figures come back, and the order of the strategies is what the page says. */
import { beforeAll, describe, expect, it } from "vitest";
import { chart } from "./chart.ts";
import { type Figures, measure } from "./figures.ts";
import { plan } from "./plan.ts";
import { play } from "./play.ts";
import { type Channel, channels, day, hour } from "./rates.ts";
import { tables } from "./report.ts";
import { type Strategy, strategies } from "./strategies.ts";

const messages = 200;

function strategy(name: string): Strategy {
	const found = strategies.find((one) => one.name === name);
	if (found === undefined) {
		throw new Error(`there is no strategy ${name}`);
	}
	return found;
}

describe("a plan", () => {
	it("is the same for every strategy, whatever it does", async () => {
		const given = plan(3, 1);
		const [by, other] = [await play(given, strategy("reference")), await play(given, strategy("pager once"))];
		expect(given).toEqual(plan(3, 1));
		expect(by.map(({ message }) => message)).toEqual(other.map(({ message }) => message));
		expect(plan(4, 1).messages).not.toEqual(given.messages);
	});

	it("differs between fault levels in its faults alone, and a lower level's are among a higher one's", () => {
		for (let seed = 1; seed <= 20; seed += 1) {
			const [low, high] = [plan(seed, 0.5), plan(seed, 4)];
			expect(low.messages).toEqual(high.messages);
			expect(high.crashes).toEqual(expect.arrayContaining([...low.crashes]));
			for (const channel of channels) {
				expect(high.outages[channel]).toEqual(expect.arrayContaining([...low.outages[channel]]));
			}
		}
		expect(plan(1, 0).crashes).toEqual([]);
	});

	it("has people on IM for about the twelve hours that were measured", () => {
		let [on, looks] = [0, 0];
		for (let seed = 1; seed <= 10; seed += 1) {
			for (const person of plan(seed, 1).people.values()) {
				for (let at = 0; at < 7 * day; at += hour / 2) {
					on += person.isOnIm(at) ? 1 : 0;
					looks += 1;
				}
			}
		}
		expect((on / looks) * 24).toBeGreaterThan(11.5);
		expect((on / looks) * 24).toBeLessThan(12.7);
	});
});

describe("the reference in the same world as each single mechanism, at fault level 1", () => {
	const figures = new Map<string, Figures>();
	const of = (name: string): Figures => figures.get(name) as Figures;

	beforeAll(async () => {
		for (const one of strategies) {
			figures.set(one.name, await measure(one, 1, messages, 1));
		}
	});

	const alone = channels.flatMap((channel: Channel) => [`${channel} once`, `${channel} again`]);

	it.for(alone)("reaches more people than %s, once nobody has to be asked", (name) => {
		expect(of("unasked").seen).toBeGreaterThan(of(name).seen);
		expect(of("extended").seen).toBeGreaterThan(of(name).seen);
	});

	it("asked, it reaches more than IM or email does, sooner, and pages less than the pager alone", () => {
		for (const name of ["im once", "im again", "email once", "email again"]) {
			expect(of("reference").seenIn5).toBeGreaterThan(of(name).seenIn5);
		}
		expect(of("reference").pages).toBeLessThan(of("pager once").pages / 2);
	});

	it("claims more truly than a script does on IM or the pager", async () => {
		const reference = await measure(strategy("reference"), 1, 600, 1);
		for (const name of ["im once", "pager once"]) {
			const script = await measure(strategy(name), 1, 600, 1);
			expect(reference.reachedArrived).toBeGreaterThan(script.reachedArrived);
			expect(reference.unknown).toBeLessThan(script.unknown);
		}
	});

	it("makes tables and a chart", async () => {
		const measured = strategies.map((one) => ({ strategy: one, level: 1, figures: of(one.name) }));
		const text = tables(measured, { from: 1, to: 2, messages, about: "in a test" });
		expect(text).toContain("| reference |");
		expect(text).not.toMatch(/NaN|undefined/);
		const svg = await chart(measured);
		expect(svg).toMatch(/^<svg/);
		expect(svg).toContain("Seen before it expires");
	});
});

it("comes to the same again", async () => {
	for (const name of ["im once", "reference"]) {
		const [one, other] = [await measure(strategy(name), 2, 100, 7), await measure(strategy(name), 2, 100, 7)];
		expect(other).toEqual(one);
	}
});
