/** This machine: the version of Node, and the folder that keeps the data. */
import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Client } from "../client.ts";
import type { Finding } from "./checks.ts";

/** The first version that runs TypeScript without a flag. */
const oldestNode = [22, 18] as const;

export function nodeFinding(version = process.versions.node): Finding {
	const [major = 0, minor = 0] = version.split(".").map(Number);
	const fine = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
	return fine
		? { check: "node", level: "fine", what: `Node ${version}` }
		: {
				check: "node",
				level: "wrong",
				what: `Node ${version} is older than ${oldestNode.join(".")}`,
				remedy: "Install a current Node from https://nodejs.org.",
			};
}

const gibibyte = 1024 ** 3;

export async function* dataFindings(data: string, client: Client): AsyncGenerator<Finding> {
	if (!/^(localhost|127\.|\[::1\])/.test(new URL(client.server).hostname)) {
		yield {
			check: "data",
			level: "fine",
			what: `The server is elsewhere (${client.server}): its data folder is not checked`,
		};
		return;
	}
	const folder = resolve(data);
	const there = await stat(folder).then(
		(found) => (found.isDirectory() ? "folder" : "other"),
		() => "missing",
	);
	if (there === "other") {
		yield { check: "data", level: "wrong", what: `${folder} is not a folder`, remedy: "Name another with --data." };
		return;
	}
	const place = there === "folder" ? folder : await nearestFolder(folder);
	const writable = await access(place, constants.W_OK).then(
		() => true,
		() => false,
	);
	if (!writable) {
		const remedy = `Give the user who runs the server the right to write to ${place}.`;
		yield { check: "data", level: "wrong", what: `The data folder ${folder} cannot be written`, remedy };
		return;
	}
	yield await spaceFinding(folder, place, there === "missing");
}

/** The closest folder above that is there already. */
async function nearestFolder(folder: string): Promise<string> {
	const above = dirname(folder);
	const found = await stat(above).catch(() => undefined);
	return found !== undefined || above === folder ? above : nearestFolder(above);
}

async function spaceFinding(folder: string, place: string, missing: boolean): Promise<Finding> {
	const { bavail, bsize } = await statfs(place);
	const free = bavail * bsize;
	const what = `The data folder ${folder} ${missing ? "will be made on the first start" : "can be written"}; ${(free / gibibyte).toFixed(1)} GiB are free`;
	if (free > gibibyte) {
		return { check: "data", level: "fine", what };
	}
	const level = free > gibibyte / 10 ? "notable" : "wrong";
	return { check: "data", level, what, remedy: "Make room there: a full disk stops the acceptance of messages." };
}
