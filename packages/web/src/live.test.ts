import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type LiveStatus, listen } from "./live.ts";

/** What of EventSource is used, driven by hand. */
class FakeEventSource extends EventTarget {
	static readonly CONNECTING = 0;
	static readonly CLOSED = 2;
	static made: FakeEventSource[] = [];
	readyState = 0;
	readonly url: string;

	constructor(url: string) {
		super();
		this.url = url;
		FakeEventSource.made.push(this);
	}

	say(type: string, data = ""): void {
		this.dispatchEvent(Object.assign(new Event(type), { data }));
	}

	fail(readyState: number): void {
		this.readyState = readyState;
		this.say("error");
	}

	close(): void {
		this.readyState = FakeEventSource.CLOSED;
	}
}

describe("listening", () => {
	let seen: LiveStatus[];
	let heard: string[];
	let stop: () => void;

	beforeEach(() => {
		vi.useFakeTimers();
		vi.stubGlobal("EventSource", FakeEventSource);
		FakeEventSource.made = [];
		seen = [];
		heard = [];
		stop = listen({
			url: "/v1/events",
			event: "entries",
			onEvent: (data) => heard.push(data),
			onStatus: (s) => seen.push(s),
		});
	});

	afterEach(() => {
		stop();
		vi.unstubAllGlobals();
		vi.useRealTimers();
	});

	const latest = () => FakeEventSource.made.at(-1) as FakeEventSource;

	test("hears the events of its name", () => {
		latest().say("open");
		latest().say("entries", "one");
		latest().say("other", "two");
		expect(seen).toEqual(["connecting", "open"]);
		expect(heard).toEqual(["one"]);
	});

	test("leaves a broken connection to the browser", () => {
		latest().fail(FakeEventSource.CONNECTING);
		vi.advanceTimersByTime(60_000);
		expect(FakeEventSource.made).toHaveLength(1);
		expect(seen.at(-1)).toBe("lost");
	});

	test("connects again after a refusal, with growing pauses", () => {
		latest().fail(FakeEventSource.CLOSED);
		vi.advanceTimersByTime(999);
		expect(FakeEventSource.made).toHaveLength(1);
		vi.advanceTimersByTime(1);
		expect(FakeEventSource.made).toHaveLength(2);
		latest().fail(FakeEventSource.CLOSED);
		vi.advanceTimersByTime(1_999);
		expect(FakeEventSource.made).toHaveLength(2);
		vi.advanceTimersByTime(1);
		expect(FakeEventSource.made).toHaveLength(3);
		latest().say("open");
		expect(seen.at(-1)).toBe("open");
	});

	test("connects no more once it was stopped", () => {
		latest().fail(FakeEventSource.CLOSED);
		stop();
		vi.advanceTimersByTime(60_000);
		expect(FakeEventSource.made).toHaveLength(1);
	});
});
