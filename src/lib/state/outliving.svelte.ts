/**
 * What `make` gives, whose derived values go on when the component that makes it is gone. Where pages are rendered ahead
 * nothing outlives anything.
 */
export function outliving<T>(make: () => T): T {
	const made: T[] = [];
	$effect.root(() => void made.push(make()));
	return made[0] ?? make();
}
