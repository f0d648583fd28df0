import { Box, Group, Input, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { useId } from "react";
import type { FieldProps } from "./use-compose-form.ts";

export function SubjectField({ form }: FieldProps) {
	return (
		<TextInput
			label="Subject"
			placeholder="Optional"
			maxLength={998}
			data-testid="subject"
			key={form.key("subject")}
			{...form.getInputProps("subject")}
		/>
	);
}

const formats = [
	{ value: "text", label: "Text" },
	{ value: "markdown", label: "Markdown" },
];

export function BodyField({ form }: FieldProps) {
	const id = useId();
	return (
		<Box>
			<Group justify="space-between" align="end" mb={4} gap="xs">
				<Input.Label htmlFor={id}>Message</Input.Label>
				<SegmentedControl
					size="xs"
					data={formats}
					aria-label="How the message is written"
					data-testid="format"
					key={form.key("format")}
					{...form.getInputProps("format")}
				/>
			</Group>
			<Textarea
				id={id}
				autosize
				minRows={4}
				maxRows={14}
				placeholder="What should they know?"
				data-testid="body"
				key={form.key("body")}
				{...form.getInputProps("body")}
			/>
		</Box>
	);
}
