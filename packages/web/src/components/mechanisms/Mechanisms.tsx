import { useMechanisms } from "../../hooks/use-directory.ts";
import { Empty } from "../shell/Empty.tsx";
import { Loading } from "../shell/Loading.tsx";
import { Panel } from "../shell/Panel.tsx";
import { Problem } from "../shell/Problem.tsx";
import { MechanismItem } from "./MechanismItem.tsx";
import classes from "./Mechanisms.module.css";

/** What there is to reach people by, whether it works now, and the operator's switch. */
export function Mechanisms() {
	const mechanisms = useMechanisms();
	const items = mechanisms.data?.items ?? [];
	return (
		<Panel title="Mechanisms" testId="mechanisms">
			{mechanisms.isError && (
				<Problem
					error={mechanisms.error}
					title="The mechanisms could not be fetched"
					onRetry={() => mechanisms.refetch()}
				/>
			)}
			{mechanisms.isPending && <Loading what="mechanisms" />}
			{mechanisms.isSuccess && items.length === 0 && <Empty>No mechanism is defined, so nobody can be reached.</Empty>}
			<ul className={classes.list}>
				{items.map((mechanism) => (
					<MechanismItem key={mechanism.name} mechanism={mechanism} />
				))}
			</ul>
		</Panel>
	);
}
