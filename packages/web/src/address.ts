/** The page's own addresses: what each of them shows. */

export type View = { readonly name: "home" } | { readonly name: "message"; readonly id: string };

export const homeAddress = "/";

/** Identifiers are UUIDs, which stand in an address as they are. */
export const messageAddress = (id: string) => `/messages/${id}`;

/** What a path shows. One that is not known shows the first page, as it always has. */
export function viewAt(path: string): View {
	const id = /^\/messages\/([^/]+)\/?$/.exec(path)?.[1];
	return id === undefined ? { name: "home" } : { name: "message", id };
}
