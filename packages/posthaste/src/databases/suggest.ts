/** "Did you mean": the nearest of the words that would have been right. */

/** The candidate that differs least from `word`; undefined when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
	const lower = word.toLowerCase().slice(0, 64);
	// A third of the letters may differ, so that short words only suggest what is really near.
	let best = Math.max(1, Math.floor(lower.length / 3)) + 1;
	let found: string | undefined;
	for (const candidate of candidates) {
		const distance = editDistance(lower, candidate.toLowerCase().slice(0, 64));
		if (distance < best) {
			best = distance;
			found = candidate;
		}
	}
	return found;
}

/** `; did you mean "settings"?`, or nothing when no candidate is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
	const found = nearest(word, candidates);
	return found === undefined ? "" : `; did you mean "${found}"?`;
}

/** Optimal string alignment distance: insertions, deletions, replacements and swapped neighbours. */
function editDistance(left: string, right: string): number {
	let before: number[] = [];
	let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
	for (let row = 1; row <= left.length; row++) {
		const current = [row];
		for (let column = 1; column <= right.length; column++) {
			const same = left[row - 1] === right[column - 1];
			let least = Math.min(
				(previous[column] ?? 0) + 1,
				(current[column - 1] ?? 0) + 1,
				(previous[column - 1] ?? 0) + (same ? 0 : 1),
			);
			if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
				least = Math.min(least, (before[column - 2] ?? 0) + 1);
			}
			current.push(least);
		}
		before = previous;
		previous = current;
	}
	return previous[right.length] ?? 0;
}
