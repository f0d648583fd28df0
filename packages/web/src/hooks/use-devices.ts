import { useDocumentVisibility } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { acknowledgePage, getDevices, switchDevice } from "../api.ts";
import { listen } from "../live.ts";
import type { DevicesDocument, ServerDevice } from "../types.ts";
import { keys } from "./keys.ts";

/** The demo's devices; null where there is no demo. */
export function useDevices() {
	const devices = useQuery({ queryKey: keys.devices, queryFn: getDevices });
	useDeviceEvents(devices.data !== null && devices.data !== undefined);
	return devices;
}

/** A page that nobody sees leaves its connection to others: browsers allow six to a server. */
function useDeviceEvents(demo: boolean): void {
	const client = useQueryClient();
	const visible = useDocumentVisibility() === "visible";
	useEffect(() => {
		if (!demo || !visible) {
			return;
		}
		const refetch = () => void client.invalidateQueries({ queryKey: keys.devices });
		return listen({
			url: "/demo/events",
			event: "devices",
			onEvent: refetch,
			onStatus: (status) => status === "open" && refetch(),
		});
	}, [client, demo, visible]);
}

export function useDeviceSwitch(device: ServerDevice) {
	const client = useQueryClient();
	return useMutation({
		mutationFn: (on: boolean) => switchDevice(device, on),
		onMutate: (on) =>
			client.setQueryData<DevicesDocument | null>(keys.devices, (old) =>
				old ? { ...old, [device]: { ...old[device], on } } : old,
			),
		onSettled: () => client.invalidateQueries({ queryKey: keys.devices }),
	});
}

export function useAcknowledgePage() {
	const client = useQueryClient();
	return useMutation({
		mutationFn: acknowledgePage,
		onSettled: () => client.invalidateQueries({ queryKey: keys.devices }),
	});
}
