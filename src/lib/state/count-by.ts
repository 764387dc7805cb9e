/** How often each name occurs, in order of first occurrence. */
export function countBy<Name extends string | null>(names: readonly Name[]): [name: Name, count: number][] {
	const counts = new Map<Name, number>();
	for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
	return [...counts];
}
