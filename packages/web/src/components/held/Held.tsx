import { Button, VisuallyHidden } from "@mantine/core";
import { useState } from "react";
import { countOf, heldIn } from "../../held.ts";
import { useHeld } from "../../hooks/use-messages.ts";
import { Panel } from "../shell/Panel.tsx";
import { Problem } from "../shell/Problem.tsx";
import classes from "./Held.module.css";
import { HeldItem } from "./HeldItem.tsx";

/** So many are shown at first: they stand above everything else, and must not push it out of sight. */
const fewAtFirst = 5;
const moreAtATime = 20;

/** The deliveries that a person has to decide about, however old. Nothing at all while there are none. */
export function Held() {
	const list = useHeld();
	const held = heldIn(list.data?.pages);
	const [shown, setShown] = useState(fewAtFirst);
	const count = countOf(held.length, list.hasNextPage);
	const isQuiet = held.length === 0 && !list.hasNextPage;
	const showMore = () => {
		setShown(shown + moreAtATime);
		if (held.length < shown + moreAtATime && list.hasNextPage) {
			void list.fetchNextPage();
		}
	};
	return (
		<>
			<VisuallyHidden role="status">{isQuiet ? "" : `Held deliveries: ${count}`}</VisuallyHidden>
			{list.isError && (
				<Problem error={list.error} title="The held deliveries could not be fetched" onRetry={() => list.refetch()} />
			)}
			{!isQuiet && (
				<div id="held" tabIndex={-1} className={classes.held}>
					<Panel
						title={`Held (${count})`}
						aside={<span className={classes.aside}>A person has to decide</span>}
						testId="held"
					>
						<ul className={classes.list}>
							{held.slice(0, shown).map((each) => (
								<HeldItem key={each.delivery.id} held={each} />
							))}
						</ul>
						{(held.length > shown || list.hasNextPage) && (
							<Button mt="md" variant="default" fullWidth loading={list.isFetchingNextPage} onClick={showMore}>
								More held deliveries
							</Button>
						)}
					</Panel>
				</div>
			)}
		</>
	);
}
