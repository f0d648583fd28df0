/** Changes of what is installed that come at the same time: what the registry says is there in the end is there. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, mechanismPackage, openBench } from "./test/packages.ts";

let bench: Bench;
beforeEach(async () => {
	bench = await openBench();
	for (const version of ["1.0.0", "2.0.0"]) {
		await bench.posthaste.plugins.add({ from: await mechanismPackage(bench.root, { version }) });
	}
});
afterEach(() => bench.close());

/** The active version, as it stays when the program is started again, and those that are there. */
async function installed() {
	await bench.reopen();
	const view = await bench.posthaste.plugins.get("line");
	return { active: view?.installed?.active, versions: view?.installed?.versions.map(({ version }) => version) };
}

test("a version that is installed again while it is being removed stays, and the removal says so", async () => {
	const again = await mechanismPackage(bench.root, { version: "2.0.0" });
	const [removed, added] = await Promise.allSettled([
		bench.posthaste.plugins.remove("line", { version: "2.0.0" }),
		bench.posthaste.plugins.add({ from: again }),
	]);
	expect(removed).toMatchObject({ status: "rejected", reason: { code: "in-use" } });
	expect(added.status).toBe("fulfilled");
	expect(await installed()).toEqual({ active: "2.0.0", versions: ["1.0.0", "2.0.0"] });
});

test("nobody goes back to a version that is being removed", async () => {
	const [removed, back] = await Promise.allSettled([
		bench.posthaste.plugins.remove("line", { version: "1.0.0" }),
		bench.posthaste.plugins.rollback("line"),
	]);
	const { active, versions } = await installed();
	expect(versions).toContain(active);
	expect([removed.status, back.status].filter((status) => status === "fulfilled")).toHaveLength(1);
});
