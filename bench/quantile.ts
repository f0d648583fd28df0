/** The figure below which this share of them lies; they need not be sorted. NaN when there is none. */
export function quantile(figures: readonly number[], share: number): number {
	const sorted = Float64Array.from(figures).sort();
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
