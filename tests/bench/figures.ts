/** Statistics of lists of numbers. */

/** The middle value, the upper one of two; NaN if there is none. */
export function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

export interface Line {
	/** Growth of y per unit of x, and its standard error. */
	readonly slope: number;
	readonly error: number;
}

/** The least-squares line through these points; null if there are fewer than three, or all have the same x. */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line | null {
	const n = points.length;
	const mean = (of: (point: readonly [number, number]) => number): number =>
		points.reduce((sum, point) => sum + of(point), 0) / n;
	const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)];
	const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
	if (n < 3 || spread === 0) return null;
	const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
	const residual = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
	return { slope, error: Math.sqrt(residual / (n - 2) / spread) };
}
