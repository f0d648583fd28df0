import { Alert, Button, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Fragment } from "react";
import { ApiError } from "../../api.ts";
import alert from "./Alert.module.css";

interface ProblemProps {
	readonly error: unknown;
	/** What did not work, as a title. Problem documents bring their own. */
	readonly title: string;
	readonly onRetry?: () => void;
}

/** A failed request: what is wrong, and what to do about it. */
export function Problem({ error, title, onRetry }: ProblemProps) {
	const known = error instanceof ApiError ? error : undefined;
	return (
		<Alert
			role="alert"
			classNames={alert}
			icon={<IconAlertTriangle aria-hidden />}
			title={known?.problem?.title ?? title}
			data-testid="problem"
		>
			<Text size="sm">
				<Words text={error instanceof Error ? error.message : String(error)} />
			</Text>
			{known !== undefined && (
				<Text size="sm" mt={4}>
					<Words text={known.remedy} />
				</Text>
			)}
			{onRetry !== undefined && (
				<Button size="compact-sm" variant="default" mt="xs" onClick={onRetry}>
					Try again
				</Button>
			)}
		</Alert>
	);
}

/** Commands and names stand between backticks in the texts. */
function Words({ text }: { readonly text: string }) {
	return text
		.split("`")
		.map((part, index) => (index % 2 === 1 ? <code key={part}>{part}</code> : <Fragment key={part}>{part}</Fragment>));
}
