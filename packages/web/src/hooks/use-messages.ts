import type { Draft, Resolution } from "@posthaste/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { cancelMessage, explain, getMessage, listHeld, listMessages, resolveDelivery, sendMessage } from "../api.ts";
import { freshKey } from "../idempotency.ts";
import { keys } from "./keys.ts";

/** Recent messages, newest first, page by page. */
export function useMessages() {
	return useInfiniteQuery({
		queryKey: keys.messages,
		queryFn: ({ pageParam }) => listMessages(pageParam),
		initialPageParam: undefined as string | undefined,
		getNextPageParam: (page) => page.next,
	});
}

/** Messages with held deliveries, newest first, page by page. */
export function useHeld() {
	return useInfiniteQuery({
		queryKey: keys.held,
		queryFn: ({ pageParam }) => listHeld(pageParam),
		initialPageParam: undefined as string | undefined,
		getNextPageParam: (page) => page.next,
	});
}

/** One message with its deliveries' journals. */
export function useMessage(id: string) {
	return useQuery({ queryKey: keys.message(id), queryFn: () => getMessage(id) });
}

/** Sends a draft. Sending the same draft again after a failure repeats the key, so that it counts once. */
export function useSend(onAccepted: (id: string) => void) {
	const client = useQueryClient();
	const last = useRef<{ readonly text: string; readonly key: string }>(undefined);
	return useMutation({
		meta: { showsItsErrors: true },
		mutationFn: (draft: Draft) => {
			const text = JSON.stringify(draft);
			if (last.current?.text !== text) {
				last.current = { text, key: freshKey() };
			}
			return sendMessage(draft, last.current.key);
		},
		onSuccess: async (accepted) => {
			last.current = undefined;
			await client.invalidateQueries({ queryKey: keys.messages });
			onAccepted(accepted.id);
		},
	});
}

export function useExplain() {
	return useMutation({ meta: { showsItsErrors: true }, mutationFn: (draft: Draft) => explain(draft) });
}

export function useCancel(id: string) {
	const client = useQueryClient();
	return useMutation({
		mutationFn: () => cancelMessage(id),
		onSettled: () =>
			Promise.all([
				client.invalidateQueries({ queryKey: keys.message(id) }),
				client.invalidateQueries({ queryKey: keys.prompts }),
				client.invalidateQueries({ queryKey: keys.held }),
			]),
	});
}

/** A person's decision about a held delivery of the message. */
export function useResolve(message: string, delivery: string) {
	const client = useQueryClient();
	return useMutation({
		mutationFn: (resolution: Resolution) => resolveDelivery(delivery, resolution),
		onSettled: () =>
			Promise.all([
				client.invalidateQueries({ queryKey: keys.message(message) }),
				client.invalidateQueries({ queryKey: keys.held }),
			]),
	});
}
