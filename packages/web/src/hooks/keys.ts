/** The names under which answers are kept. */
export const keys = {
	messages: ["messages"],
	held: ["held"],
	message: (id: string) => ["message", id],
	prompts: ["prompts"],
	users: ["users"],
	managers: ["managers"],
	mechanisms: ["mechanisms"],
	devices: ["devices"],
} as const;
