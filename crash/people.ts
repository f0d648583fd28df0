/**
 * Who there is and by which ways they may be reached: the configuration that the program is started
 * with, and beside it, written down a second time and in another way, what it allows.
 */

export type Way = "email" | "pager" | "im2";

export interface Person {
	readonly id: string;
	/** The ways in their delivery table. */
	readonly ways: readonly Way[];
	readonly mail: string;
	readonly pager: string;
	/** Has an IM window open, which confirms what it shows. */
	readonly hasWindow: boolean;
	/** Wants mail for urgent messages only. */
	readonly mailWhenUrgent: boolean;
	/** The mail server knows no such mailbox. */
	readonly hasNoMailbox: boolean;
}

const domain = "example.test";

function group(letter: string, count: number, ways: readonly Way[], more: Partial<Person> = {}): Person[] {
	return Array.from({ length: count }, (_, index) => {
		const id = `${letter}${index}`;
		const pager = `555${letter.charCodeAt(0)}${index}`.padEnd(8, "0");
		return {
			id,
			ways,
			mail: `${id}@${domain}`,
			pager,
			hasWindow: false,
			mailWhenUrgent: false,
			hasNoMailbox: false,
			...more,
		};
	});
}

export const people: readonly Person[] = [
	...group("m", 8, ["email"]),
	...group("p", 2, ["pager"]),
	...group("b", 4, ["im2", "email", "pager"]),
	...group("i", 2, ["im2", "email"], { hasWindow: true }),
	...group("q", 2, ["email", "pager"], { mailWhenUrgent: true }),
	...group("x", 1, ["email", "pager"], { hasNoMailbox: true }),
];

export const personOf: ReadonlyMap<string, Person> = new Map(people.map((person) => [person.id, person]));

/** The ways that a manager's settings name for a message, and what of each they ask for. */
type Asks = Partial<Record<Way, "accepted" | "delivered" | "read" | "acknowledged">>;

/** The managers by how often they are used. */
export const managers: Readonly<Record<string, { weight: number; asks(priority: string): Asks }>> = {
	mail: { weight: 40, asks: () => ({ email: "accepted" }) },
	both: {
		weight: 10,
		asks: (priority) =>
			priority === "urgent" ? { email: "acknowledged", pager: "acknowledged" } : { email: "accepted", im2: "accepted" },
	},
	standard: { weight: 16, asks: () => ({ im2: "delivered", email: "accepted" }) },
	escalate: { weight: 10, asks: () => ({ email: "read", pager: "accepted" }) },
	careful: { weight: 10, asks: () => ({ email: "accepted" }) },
	onward: { weight: 8, asks: () => ({ email: "accepted", pager: "accepted" }) },
};

/** What an attempt by this way has to bring for its delivery to be reached; undefined when the settings do not name it. */
export function askedOf(way: Way, manager: string, priority: string): string | undefined {
	return managers[manager]?.asks(priority)[way];
}

/** Whether a person may be reached this way for such a message: by the settings' words and the person's own. */
export function mayReach(person: Person, way: Way, manager: string, priority: string): boolean {
	const named = askedOf(way, manager, priority) !== undefined;
	const wanted = way !== "email" || !person.mailWhenUrgent || priority === "urgent";
	return named && wanted && person.ways.includes(way);
}

function addressOf(person: Person, way: Way): object {
	switch (way) {
		case "email":
			return { email: person.mail };
		case "pager":
			return { pager: person.pager };
		case "im2":
			return { inbox: person.id };
	}
}

function userOf(person: Person): object {
	return {
		name: `Person ${person.id}`,
		mechanisms: person.ways.map((way) => ({
			mechanism: way,
			address: addressOf(person, way),
			...(way === "email" && person.mailWhenUrgent && { when: 'message.priority == "urgent"' }),
		})),
	};
}

const configurations = {
	mail: { use: "sequence", of: [{ name: "mail", settings: { steps: [{ attempt: ["email"], within: "20s" }] } }] },
	both: {
		use: "broadcast",
		of: [
			{
				name: "urgent",
				when: 'message.priority == "urgent"',
				settings: { mechanisms: ["email", "pager"], until: "acknowledged", within: "2s" },
			},
			{ name: "calm", settings: { mechanisms: ["email", "im2"], until: "accepted", within: "15s" } },
		],
	},
	standard: {
		use: "sequence",
		of: [
			{
				name: "im",
				settings: {
					steps: [
						{ attempt: ["im2"], until: "delivered", within: "1s" },
						{ ask: "{recipient.name} is not available on IM. Send a mail?", within: "1s", otherwise: "yes" },
						{ attempt: ["email"], within: "15s" },
					],
				},
			},
		],
	},
	escalate: {
		use: "sequence",
		of: [
			{
				name: "page",
				settings: {
					steps: [
						{ attempt: ["email"], until: "read", within: "1s" },
						{ attempt: ["pager"], within: "15s" },
					],
				},
			},
		],
	},
	careful: {
		use: "sequence",
		of: [{ name: "hold", unknown: "hold", settings: { steps: [{ attempt: ["email"], within: "20s" }] } }],
	},
	onward: {
		use: "sequence",
		of: [{ name: "next", unknown: "next", settings: { steps: [{ attempt: ["email", "pager"], within: "10s" }] } }],
	},
};

/** The program's configuration file. JSON is YAML. */
export function configuration(servers: { readonly mail: string; readonly pager: string }): string {
	return JSON.stringify({
		mechanisms: {
			im2: { use: "web" },
			email: { use: "email", settings: { url: servers.mail, from: `posthaste@${domain}` } },
			pager: {
				use: "snpp",
				settings: { url: servers.pager, login: { id: "desk" }, site: ["JQUEUE YES"], subject: "none", twoWay: false },
			},
		},
		managers: Object.fromEntries(
			Object.entries(configurations).map(([name, { use, of }]) => [name, { use, configurations: of }]),
		),
		selection: [{ manager: "mail" }],
		users: Object.fromEntries(people.map((person) => [person.id, userOf(person)])),
	});
}
