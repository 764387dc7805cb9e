/** How far a measured fraction can be off: the interval that holds the true one in 95 of 100 cases (Wilson, 1927). */
export function wilsonInterval(fraction: number, n: number): { low: number; high: number } {
	if (n === 0) return { low: 0, high: 1 };
	const z = 1.959964;
	const centre = fraction + (z * z) / (2 * n);
	const reach = z * Math.sqrt((fraction * (1 - fraction)) / n + (z * z) / (4 * n * n));
	const scale = 1 + (z * z) / n;
	return { low: Math.max(0, (centre - reach) / scale), high: Math.min(1, (centre + reach) / scale) };
}
