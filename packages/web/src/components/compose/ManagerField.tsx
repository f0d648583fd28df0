import { Select } from "@mantine/core";
import { useManagers } from "../../hooks/use-directory.ts";
import type { FieldProps } from "./use-compose-form.ts";

/** The menu of delivery managers. */
export function ManagerField({ form }: FieldProps) {
	const managers = useManagers();
	const data = [
		{ value: "", label: "Chosen by rules" },
		...(managers.data?.items ?? []).map(({ name, use }) => ({
			value: name,
			label: name === use ? name : `${name} (${use})`,
		})),
	];
	const input = form.getInputProps("manager");
	return (
		<Select
			label="Delivery manager"
			data={data}
			allowDeselect={false}
			data-testid="manager"
			key={form.key("manager")}
			{...input}
			error={input.error ?? (managers.isError ? "The managers could not be fetched." : undefined)}
		/>
	);
}
