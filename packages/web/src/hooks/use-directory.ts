import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { listManagers, listMechanisms, listUsers, switchMechanism } from "../api.ts";
import { keys } from "./keys.ts";

export function useUsers() {
	return useQuery({ queryKey: keys.users, queryFn: listUsers });
}

export function useManagers() {
	return useQuery({ queryKey: keys.managers, queryFn: listManagers });
}

/** No event tells that a mechanism came up or went down, so it is asked. */
const mechanismsEvery = 4_000;

export function useMechanisms() {
	return useQuery({ queryKey: keys.mechanisms, queryFn: listMechanisms, refetchInterval: mechanismsEvery });
}

export function useMechanismSwitch(name: string) {
	const client = useQueryClient();
	return useMutation({
		mutationFn: (on: boolean) => switchMechanism(name, on),
		onSettled: () => client.invalidateQueries({ queryKey: keys.mechanisms }),
	});
}
