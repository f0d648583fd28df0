/** A mechanism that ends as the message says. */
import { spawn } from "node:child_process";
import { defineMechanism } from "@posthaste/core";
import { Type } from "typebox";

const nothing = Type.Object({}, { additionalProperties: false });

const ways: Readonly<Record<string, () => void>> = {
	throw: () => setTimeout(() => Promise.reject(new RangeError("nobody catches me"))),
	exit: () => process.exit(3),
	fill() {
		const held: unknown[] = [];
		setInterval(() => held.push(Array.from({ length: 1_000_000 }, (_, index) => ({ index }))));
	},
	fork() {
		const { pid } = spawn("sleep", ["600"], { stdio: "inherit" });
		console.error(`grandchild ${pid}`);
		setTimeout(() => process.exit(4), 50);
	},
};

export default defineMechanism({
	id: "ending",
	apiVersion: 1,
	version: "1.0.0",
	kind: "im",
	title: "Ending",
	settings: nothing,
	address: nothing,
	capabilities: {},
	create: async () => ({
		send({ message }) {
			ways[message.body]?.();
			return new Promise(() => undefined);
		},
		close: async () => undefined,
	}),
});
