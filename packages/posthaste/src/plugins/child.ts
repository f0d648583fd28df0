/** The end of a child process, and of all that it started. */
import type { ChildProcess } from "node:child_process";

/** What is left in the pipes of a process that ended is waited for this long; whoever else holds them may live on. */
const restOfOutput = 500;

/**
 * Hears of the end once everything that the child wrote has been read. The child has to be the leader
 * of a process group of its own (`detached`): the group ends with it.
 * @param onGone told `code 1` or `SIGKILL`
 * @returns ends it at once, and resolves when it is gone
 */
export function whenGone(child: ChildProcess, onGone: (how: string) => void): () => Promise<true> {
	const { promise: gone, resolve } = Promise.withResolvers<true>();
	child.once("error", () => child.pid === undefined && resolve(true));
	child.once("exit", (code, signal) => {
		killGroup(child);
		resolve(true);
		const tell = () => {
			clearTimeout(late);
			onGone(signal ?? `code ${code}`);
			for (const stream of [child.stdin, child.stdout, child.stderr]) {
				stream?.destroy();
			}
		};
		const late = setTimeout(tell, restOfOutput);
		child.once("close", tell);
	});
	return () => {
		if (child.exitCode === null && child.signalCode === null) {
			killGroup(child);
		}
		return gone;
	};
}

function killGroup({ pid }: ChildProcess): void {
	if (pid === undefined) {
		return;
	}
	try {
		process.kill(-pid, "SIGKILL");
	} catch {
		// Nobody of the group is left.
	}
}
