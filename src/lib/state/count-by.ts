/** How often each name occurs, in order of first occurrence. */
export function countBy(names: readonly string[]): [name: string, count: number][] {
	const counts = new Map<string, number>();
	for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
	return [...counts];
}
