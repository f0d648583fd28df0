import { MultiSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { useUsers } from "../../hooks/use-directory.ts";
import type { UserDocument } from "../../types.ts";
import type { FieldProps } from "./use-compose-form.ts";

/** Users beyond the first page can be named by typing their key; the program says when there is no such user. */
export function ToField({ form }: FieldProps) {
	const users = useUsers();
	const [search, setSearch] = useState("");
	const input = form.getInputProps("to");
	const data = choices(users.data?.items ?? [], form.getValues().to, search.trim());
	return (
		<MultiSelect
			label="To"
			placeholder={form.getValues().to.length === 0 ? "Name or key of a user" : ""}
			data={data}
			searchable
			hidePickedOptions
			selectFirstOptionOnChange
			openOnFocus={false}
			searchValue={search}
			onSearchChange={setSearch}
			nothingFoundMessage="Type the key of a user"
			data-testid="to"
			key={form.key("to")}
			{...input}
			error={input.error ?? (users.isError ? "The users could not be fetched; type their keys." : undefined)}
		/>
	);
}

const key = /^[A-Za-z0-9][A-Za-z0-9._@+-]*$/;

function choices(users: readonly UserDocument[], picked: readonly string[], search: string) {
	const known = new Set(users.map(({ id }) => id));
	const typed = search !== "" && key.test(search) ? [search] : [];
	const others = [...new Set([...picked, ...typed])].filter((id) => !known.has(id));
	return [
		...users.map(({ id, name }) => ({ value: id, label: name === id ? id : `${name} (${id})` })),
		...others.map((id) => ({ value: id, label: id })),
	];
}

export function FromField({ form }: FieldProps) {
	return (
		<TextInput
			label="From"
			maxLength={256}
			autoComplete="username"
			spellCheck={false}
			data-testid="from"
			key={form.key("from")}
			{...form.getInputProps("from")}
		/>
	);
}
