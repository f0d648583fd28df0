/** Every kind of bad definition is refused with the field, in words, under the code that says what kind it is. */
import { describe, expect, it } from "vitest";
import { brief, failure, openDatabases, reference } from "./test/fixtures.ts";

type Doc = ReturnType<typeof reference>;

/** What is complained about once the reference configuration was changed like this. */
async function complaints(change: (document: Doc) => void): Promise<readonly [code: string, ...complaints: string[]]> {
	const document = structuredClone(reference());
	change(document);
	const databases = await openDatabases();
	const error = await failure(databases.configuration.apply(document as never));
	expect((await databases.configuration.export()) as object).toEqual({});
	return [error.code, ...brief(error.complaints)];
}

const put = (target: object, key: string, value: unknown) => Object.assign(target, { [key]: value });
const rows = (document: Doc) => document.managers.standard.configurations;
const row = (document: Doc, index = 0) =>
	rows(document)[index] as (typeof document.managers.standard.configurations)[0];
const settings = (index: number) => `managers.standard.configurations[${index}].settings`;

describe("shapes", () => {
	it("names an unknown key, wherever it is, and the one that was probably meant", async () => {
		expect(await complaints((d) => put(d, "mangers", {}))).toEqual([
			"unknown-key",
			'mangers: unknown key "mangers"; did you mean "managers"?',
		]);
		expect(await complaints((d) => put(d.mechanisms.im2, "settngs", {}))).toEqual([
			"unknown-key",
			'mechanisms.im2.settngs: unknown key "settngs"; did you mean "settings"?',
		]);
		expect(await complaints((d) => put(d.mechanisms.im2.settings, "zzz", 1))).toEqual([
			"unknown-key",
			'mechanisms.im2.settings.zzz: unknown key "zzz"; the keys here are url, secret, port, tls',
		]);
		expect(await complaints((d) => put(d.users.jsmith.mechanisms[0]?.address ?? {}, "jdi", "x"))).toEqual([
			"unknown-key",
			'users.jsmith.mechanisms[0].address.jdi: unknown key "jdi"; did you mean "jid"?',
		]);
	});

	it("does not also complain that the misspelt key is missing", async () => {
		const change = (d: Doc) => put(d.users, "jsmith", { nmae: "John", mechanisms: [] });
		expect(await complaints(change)).toEqual([
			"unknown-key",
			'users.jsmith.nmae: unknown key "nmae"; did you mean "name"?',
		]);
	});

	it("tells wrong types in plain words", async () => {
		expect(await complaints((d) => put(d.mechanisms.im2, "use", 3))).toEqual([
			"invalid-configuration",
			"mechanisms.im2.use: has to be a string, and it is a number; put it in quotes",
		]);
		expect(await complaints((d) => put(d, "users", []))).toEqual([
			"invalid-configuration",
			"users: has to be a map of names",
		]);
		expect(await complaints((d) => put(d, "selection", "standard"))).toEqual([
			"invalid-configuration",
			"selection: has to be a list, and it is a string",
		]);
		expect(await complaints((d) => put(d.mechanisms, "im2", null))).toEqual([
			"invalid-configuration",
			"mechanisms.im2: has to be a map of keys, and it is empty",
		]);
		expect(await complaints((d) => put(row(d), "unknown", "resnd"))).toEqual([
			"invalid-configuration",
			'managers.standard.configurations[0].unknown: has to be one of resend, next, hold; did you mean "resend"?',
		]);
		expect(await complaints((d) => put(d.managers.standard, "configurations", []))).toEqual([
			"invalid-configuration",
			"managers.standard.configurations: is empty",
			// What names the manager still finds it, so this is all there is.
		]);
		expect(await complaints((d) => put(d.users, "jsmith", { name: "John" }))).toEqual([
			"invalid-configuration",
			"users.jsmith.mechanisms: is missing",
		]);
	});

	it("refuses names that are none", async () => {
		for (const name of ["im 2", "", "__proto__", "-x", "x".repeat(129)]) {
			const mechanisms = new Map(Object.entries(reference().users));
			mechanisms.set(name, reference().users.jsmith);
			const [code, first] = await complaints((d) => put(d, "users", Object.fromEntries(mechanisms)));
			expect(code).toBe("invalid-configuration");
			expect(first).toMatch(/the name (is not well formed: Letters|is longer|is empty)/);
		}
	});

	it("takes names that JavaScript objects have anyway", async () => {
		const databases = await openDatabases();
		const { jsmith } = reference().users;
		await databases.configuration.apply({ ...reference(), users: { constructor: jsmith, toString: jsmith } });
		expect(Object.keys((await databases.configuration.export()).users ?? {}).sort()).toEqual([
			"constructor",
			"toString",
		]);
	});

	it("refuses what cannot be stored, and what is nested without end", async () => {
		const endless: Record<string, unknown> = {};
		endless.again = endless;
		expect(await complaints((d) => put(d.mechanisms.im2, "settings", endless))).toEqual([
			"invalid-configuration",
			"mechanisms.im2.settings.again: is nested too deeply",
		]);
		expect(await complaints((d) => put(d.mechanisms.im2.settings, "url", 10n))).toEqual([
			"invalid-configuration",
			"mechanisms.im2.settings.url: is not a value that JSON can hold",
		]);
	});

	it("says how many things are wrong, and lists at most a hundred", async () => {
		const users = Object.fromEntries(Array.from({ length: 250 }, (_, n) => [`u${n}`, { name: "", mechanisms: [] }]));
		const databases = await openDatabases();
		const error = await failure(databases.configuration.apply({ users }));
		expect(error.complaints).toHaveLength(100);
		expect(error.message).toBe("250 things are wrong; the first is users.u0.name: is empty");
	});
});

describe("plugins and their settings", () => {
	it("refuses plugins that there are not", async () => {
		expect(await complaints((d) => put(d.mechanisms.im2, "use", "chater"))).toEqual([
			"unknown-plugin",
			'mechanisms.im2.use: there is no mechanism plugin "chater"; did you mean "chatter"?',
		]);
		expect(await complaints((d) => put(d.managers.standard, "use", "beeper"))).toEqual([
			"unknown-plugin",
			'managers.standard.use: there is no manager plugin "beeper"; "beeper" is a mechanism plugin',
		]);
	});

	it("checks settings against the plugin's schema, defaults filled in", async () => {
		expect(await complaints((d) => put(d.mechanisms.im2, "settings", {}))).toEqual([
			"invalid-settings",
			"mechanisms.im2.settings.url: is missing",
		]);
		expect(await complaints((d) => put(d.mechanisms.im2.settings, "port", 0))).toEqual([
			"invalid-settings",
			"mechanisms.im2.settings.port: has to be >= 1",
		]);
		expect(await complaints((d) => put(d.mechanisms.im2.settings, "url", "no url"))).toEqual([
			"invalid-settings",
			"mechanisms.im2.settings.url: is not a valid url",
		]);
		expect(await complaints((d) => put(row(d).settings, "rounds", 10))).toEqual([
			"invalid-settings",
			`${settings(0)}.rounds: has to be <= 9`,
		]);
	});

	it("says of a union what the branch that was meant lacks", async () => {
		const withStep = (step: unknown) => (d: Doc) => put(row(d).settings, "steps", [step]);
		expect(await complaints(withStep({ attempt: ["im2"], witin: "2m" }))).toEqual([
			"unknown-key",
			`${settings(0)}.steps[0].witin: unknown key "witin"; did you mean "within"?`,
		]);
		expect(await complaints(withStep({ wiat: "2m" }))).toEqual([
			"unknown-key",
			`${settings(0)}.steps[0].wiat: unknown key "wiat"; did you mean "wait"?`,
		]);
		expect(await complaints(withStep({ attempt: ["im2"], within: "2 minutes" }))).toEqual([
			"invalid-settings",
			`${settings(0)}.steps[0].within: is not well formed: A length of time such as 500ms, 30s, 2m, 1h30m or 1d`,
		]);
		expect(await complaints(withStep({}))).toEqual([
			"invalid-settings",
			`${settings(0)}.steps[0]: has to have one of the keys attempt, wait, ask`,
		]);
		expect(await complaints(withStep({ ask: "?", otherwise: "maybe" }))).toEqual([
			"invalid-settings",
			`${settings(0)}.steps[0].otherwise: has to be one of yes, no`,
		]);
		expect(await complaints(withStep("im2"))).toEqual([
			"invalid-settings",
			`${settings(0)}.steps[0]: has none of the forms it may have`,
		]);
	});

	it("hands on the manager plugin's own complaints, with their place", async () => {
		expect(await complaints((d) => row(d).settings.steps.push({ wait: "2h" } as never))).toEqual([
			"invalid-settings",
			`${settings(0)}.steps[1].wait: is longer than an hour`,
		]);
	});

	it("refuses mechanisms in the settings that there are not, and takes kinds", async () => {
		const attempting =
			(...names: string[]) =>
			(d: Doc) =>
				put(row(d).settings, "steps", [{ attempt: names }]);
		expect(await complaints(attempting("im2", "pagr"))).toEqual([
			"unknown-mechanism",
			`${settings(0)}.steps[0].attempt[1]: there is no mechanism "pagr"; did you mean "pager"?`,
		]);
		expect(await complaints(attempting("kind:imm"))).toEqual([
			"unknown-mechanism",
			`${settings(0)}.steps[0].attempt[0]: there is no kind "imm"; did you mean "im"?`,
		]);
		const databases = await openDatabases();
		const document = reference();
		attempting("kind:im", "email", "pager")(document);
		await databases.configuration.apply(document);
	});
});

describe("the environment", () => {
	it("has to have the variables that settings refer to", async () => {
		expect(await complaints((d) => put(d.mechanisms.im2.settings, "secret", `\${env:NOPE}`))).toEqual([
			"invalid-settings",
			"mechanisms.im2.settings.secret: the environment variable NOPE is not set",
		]);
		expect(await complaints((d) => put(d.mechanisms.im2.settings, "secret", `\${env:1}`))).toEqual([
			"invalid-settings",
			`mechanisms.im2.settings.secret: holds a reference that is not well formed; write \${env:NAME}`,
		]);
	});

	it("is only for mechanisms' settings", async () => {
		expect(await complaints((d) => put(row(d).settings, "steps", [{ ask: `\${env:CHAT_SECRET}` }]))).toEqual([
			"invalid-settings",
			`${settings(0)}.steps[0].ask: refers to the environment, which only a mechanism's settings can do`,
		]);
		expect(
			await complaints((d) => put(d.users.jsmith.mechanisms[0]?.address ?? {}, "jid", `\${env:CHAT_SECRET}`)),
		).toEqual([
			"invalid-address",
			"users.jsmith.mechanisms[0].address.jid: refers to the environment, which only a mechanism's settings can do",
		]);
	});
});

describe("conditions", () => {
	it("are compiled, and the place within them is marked", async () => {
		const document = reference();
		row(document).when = 'message.priority == "urgent" && mesage.body != ""';
		const error = await failure((await openDatabases()).configuration.apply(document));
		expect(error.code).toBe("invalid-condition");
		expect(error.complaints).toEqual([
			{
				field: "managers.standard.configurations[0].when",
				message: "Unknown variable: mesage",
				line: 1,
				column: 33,
				excerpt: `${row(document).when}\n${" ".repeat(32)}^^^^^^`,
			},
		]);
	});

	it("are compiled in rules and entries too", async () => {
		expect(await complaints((d) => put(d.selection[0] ?? {}, "when", "1 + 1"))).toEqual([
			"invalid-condition",
			"selection[0].when: it gives a int, and a condition has to give true or false",
		]);
		expect((await complaints((d) => put(d.users.jsmith.mechanisms[1] ?? {}, "when", "message.")))[0]).toBe(
			"invalid-condition",
		);
	});
});

describe("references and tables", () => {
	it("refuses managers and mechanisms that there are not", async () => {
		expect(await complaints((d) => put(d.selection[0] ?? {}, "manager", "standrad"))).toEqual([
			"unknown-manager",
			'selection[0].manager: there is no manager "standrad"; did you mean "standard"?',
		]);
		expect(await complaints((d) => put(d, "defaultManager", "nobody"))).toEqual([
			"unknown-manager",
			'defaultManager: there is no manager "nobody"',
		]);
		expect(await complaints((d) => put(d.users.jsmith.mechanisms[0] ?? {}, "mechanism", "im3"))).toEqual([
			"unknown-mechanism",
			'users.jsmith.mechanisms[0].mechanism: there is no mechanism "im3"; did you mean "im2"?',
		]);
	});

	it("checks addresses against the mechanism's plugin", async () => {
		expect(await complaints((d) => put(d.users.jsmith.mechanisms[1]?.address ?? {}, "pager", "555-1234"))).toEqual([
			"invalid-address",
			"users.jsmith.mechanisms[1].address.pager: is not well formed: Digits",
		]);
	});

	it("refuses a mechanism that stands twice in a delivery table", async () => {
		expect(
			await complaints((d) => d.users.jsmith.mechanisms.push({ mechanism: "im2", address: { jid: "other" } })),
		).toEqual([
			"invalid-configuration",
			'users.jsmith.mechanisms[2].mechanism: "im2" stands in the delivery table twice',
		]);
	});

	it("refuses configurations of one name, and rows that can never be chosen", async () => {
		expect(await complaints((d) => put(row(d, 1), "name", "urgent"))).toEqual([
			"invalid-configuration",
			'managers.standard.configurations[1].name: "urgent" stands in the table twice',
		]);
		expect(await complaints((d) => rows(d).reverse())).toEqual([
			"invalid-configuration",
			'managers.standard.configurations[1]: can never be chosen, because "normal" before it has no condition',
		]);
		expect(await complaints((d) => d.selection.push({ manager: "standard" }))).toEqual([
			"invalid-configuration",
			"selection[1]: can never be chosen, because rule 1 before it has no condition",
		]);
	});

	it("refuses time zones and quiet hours that there are not", async () => {
		expect(await complaints((d) => put(d.users.jsmith, "timezone", "America/New_Yrok"))).toEqual([
			"invalid-configuration",
			'users.jsmith.timezone: there is no time zone "America/New_Yrok"; did you mean "America/New_York"?',
		]);
		const quiet = (value: object) => (d: Doc) => put(d.users.jsmith.mechanisms[0] ?? {}, "quiet", value);
		expect(await complaints(quiet({ from: "22:00", to: "24:00" }))).toEqual([
			"invalid-configuration",
			"users.jsmith.mechanisms[0].quiet.to: is not well formed: A time of day, HH:MM",
		]);
		expect(await complaints(quiet({ from: "22:00", to: "07:00", days: ["mon", "mon"] }))).toEqual([
			"invalid-configuration",
			"users.jsmith.mechanisms[0].quiet.days: names something twice",
		]);
		expect(await complaints(quiet({ from: "22:00", to: "07:00", then: "sleep" }))).toEqual([
			"invalid-configuration",
			"users.jsmith.mechanisms[0].quiet.then: has to be one of skip, wait",
		]);
	});

	it("reports what is wrong in several places at once, as one kind where it is one", async () => {
		const [code, ...all] = await complaints((d) => {
			put(row(d), "when", "nonsense");
			put(d.users.jsmith, "timezone", "Mars/Olympus");
			put(d.mechanisms.im2, "extra", 1);
		});
		expect(code).toBe("invalid-configuration");
		expect(all).toHaveLength(3);
	});
});
