import { skippedGroups } from "@posthaste/real-servers";

/** Says after a test run which groups were skipped on this machine, and why. */
export default function setup(): () => void {
	return () => {
		const skipped = skippedGroups();
		if (skipped.length > 0) {
			process.stdout.write(`\nSkipped on this machine:\n${skipped.map((line) => `  ${line}\n`).join("")}`);
		}
	};
}
