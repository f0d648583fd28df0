/**
 * Stands between the program and a command, passes on what they say, and writes it down in order:
 * `node relay.ts FILE COMMAND …`.
 */
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [, , file = "", command = "", ...args] = process.argv;
const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });

createInterface({ input: process.stdin })
	.on("line", (line) => {
		appendFileSync(file, `→ ${line}\n`);
		child.stdin.write(`${line}\n`);
	})
	.on("close", () => child.stdin.end());
createInterface({ input: child.stdout }).on("line", (line) => {
	appendFileSync(file, `← ${line}\n`);
	process.stdout.write(`${line}\n`);
});
