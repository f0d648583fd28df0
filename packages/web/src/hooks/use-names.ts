import { useMemo } from "react";
import { useUsers } from "./use-directory.ts";

/** What people read instead of a user's key; the key itself where the name is not known. */
export function useNames(): (user: string) => string {
	const { data } = useUsers();
	return useMemo(() => {
		const names = new Map(data?.items.map(({ id, name }) => [id, name]));
		return (user) => names.get(user) ?? user;
	}, [data]);
}
