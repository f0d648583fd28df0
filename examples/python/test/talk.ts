/** The thread behind `askSynchronously`: passes one question at a time to a command, and its answer back. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { workerData } from "node:worker_threads";

const { command, folder, port, answered } = workerData;
const [file, ...args] = command;
const child = spawn(file, args, { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
let asked = 0;

port.on("message", ({ method, params }: { method: string; params: object }) => {
	asked += 1;
	child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: asked, method, params })}\n`);
});
port.on("close", () => child.stdin.end());
createInterface({ input: child.stdout }).on("line", (line) => {
	port.postMessage(JSON.parse(line));
	Atomics.store(answered, 0, 1);
	Atomics.notify(answered, 0);
});
