/**
 * What `make` returns, with derived values that keep working after the component is gone. When pages are prerendered,
 * nothing outlives anything.
 */
export function outliving<T>(make: () => T): T {
	const made: T[] = [];
	$effect.root(() => void made.push(make()));
	return made[0] ?? make();
}
