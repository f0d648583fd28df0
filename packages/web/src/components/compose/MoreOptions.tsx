import { Button, Checkbox, Collapse, Stack, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useId } from "react";
import type { FieldProps } from "./use-compose-form.ts";

/** What few messages need. It unfolds by itself when something in it is wrong. */
export function MoreOptions({ form }: FieldProps) {
	const [unfolded, { toggle }] = useDisclosure(false);
	const id = useId();
	const opened = unfolded || "expires" in form.errors || "category" in form.errors || "confidential" in form.errors;
	const Chevron = opened ? IconChevronDown : IconChevronRight;
	return (
		<div>
			<Button
				variant="subtle"
				size="compact-sm"
				ml={-8}
				leftSection={<Chevron size={16} aria-hidden />}
				aria-expanded={opened}
				aria-controls={id}
				onClick={toggle}
				data-testid="more-options"
			>
				More options
			</Button>
			<Collapse expanded={opened} id={id}>
				<Stack gap="md" pt="sm">
					<TextInput
						label="Expires"
						description="After a time such as 10m, or at a moment (RFC 3339). Nothing is attempted later."
						placeholder="Never"
						data-testid="expires"
						key={form.key("expires")}
						{...form.getInputProps("expires")}
					/>
					<TextInput
						label="Category"
						description="What it is about, for the managers' conditions."
						placeholder="None"
						maxLength={128}
						data-testid="category"
						key={form.key("category")}
						{...form.getInputProps("category")}
					/>
					<Checkbox
						label="Confidential"
						description="Only mechanisms that encrypt may carry it."
						data-testid="confidential"
						key={form.key("confidential")}
						{...form.getInputProps("confidential", { type: "checkbox" })}
					/>
				</Stack>
			</Collapse>
		</div>
	);
}
