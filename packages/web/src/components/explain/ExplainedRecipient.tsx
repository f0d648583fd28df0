import { Group, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { type ExplanationDocument, selectionReasons } from "@posthaste/core";
import { lazy, Suspense, useMemo } from "react";
import { readTree } from "../../decision-tree.ts";
import { Loading } from "../shell/Loading.tsx";
import { DecisionList } from "./DecisionList.tsx";
import { PolicyTable } from "./PolicyTable.tsx";

export type TreeForm = "drawing" | "list";

/** The drawing's library is large and seldom wanted, so it comes when it is. */
const DecisionDiagram = lazy(async () => ({ default: (await import("./DecisionDiagram.tsx")).DecisionDiagram }));

interface ExplainedRecipientProps {
	readonly delivery: ExplanationDocument["deliveries"][number];
	readonly form: TreeForm;
	readonly onForm: (form: TreeForm) => void;
}

const forms: { value: TreeForm; label: string }[] = [
	{ value: "drawing", label: "Drawing" },
	{ value: "list", label: "List" },
];

export function ExplainedRecipient({ delivery, form, onForm }: ExplainedRecipientProps) {
	const { recipient, manager, configuration, routingPolicy, deliveryPolicy } = delivery;
	const tree = useMemo(() => readTree(delivery.tree), [delivery.tree]);
	return (
		<Stack gap="md" component="section" aria-label={`To ${recipient.name}`}>
			<div>
				<Title order={3} fz="1rem">
					To {recipient.name}
				</Title>
				<Text size="sm">
					The delivery manager <b>{manager.name}</b> takes it: {selectionReasons[manager.reason]}. Its configuration{" "}
					<b>{configuration.name}</b> applies.
				</Text>
			</div>
			<PolicyTable recipient={recipient.name} routingPolicy={routingPolicy} deliveryPolicy={deliveryPolicy} />
			<Group justify="space-between">
				<Title order={4} fz="0.9375rem">
					What happens then
				</Title>
				<SegmentedControl
					size="xs"
					aria-label="How to show the decision tree"
					data={forms}
					value={form}
					onChange={onForm}
				/>
			</Group>
			{form === "list" ? (
				<DecisionList tree={tree} />
			) : (
				<Suspense fallback={<Loading what="the drawing" lines={5} />}>
					<DecisionDiagram tree={tree} />
				</Suspense>
			)}
			{delivery.cut && (
				<Text size="sm" c="dimmed">
					Parts of the tree are left out, where it repeats itself or grows too large.
				</Text>
			)}
		</Stack>
	);
}
