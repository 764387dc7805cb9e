/** About `count` round values from one end of an axis to the other. */
export function ticks(low: number, high: number, count: number): number[] {
	const rough = (high - low) / count;
	const power = 10 ** Math.floor(Math.log10(rough));
	const step = ([1, 2, 2.5, 5].find((factor) => factor * power >= rough) ?? 10) * power;
	const first = Math.ceil(low / step - 1e-9);
	const last = Math.floor(high / step + 1e-9);
	return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
		Number(((first + index) * step).toFixed(9))
	);
}

/** Round ends for an axis that shows these values and little more, within 0..1. */
export function closeDomain(values: readonly number[]): readonly [number, number] {
	if (values.length === 0) return [0, 1];
	const low = Math.floor(Math.min(...values) * 10 - 0.2) / 10;
	const high = Math.ceil(Math.max(...values) * 10 + 0.2) / 10;
	return [Math.max(0, low), Math.min(1, high)];
}
