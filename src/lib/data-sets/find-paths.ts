/** Finds the files that a list means by their names. */

/** Suffix that RAF-DB's aligned pictures have, but the names in its list lack. */
const ADDED_TO_NAMES = /_aligned$/;

/** The paths below the nearest folder around a list that holds any. */
function pathsAround(list: string, paths: readonly string[]): readonly string[] {
	for (let end = list.lastIndexOf('/'); end >= 0; end = list.lastIndexOf('/', end - 1)) {
		const own = paths.filter((path) => path.startsWith(list.slice(0, end + 1)));
		if (own.length > 0) return own;
		if (end === 0) break;
	}
	return paths;
}

/**
 * Returns a function that finds the path that a list means by a name, below the nearest folder around it; if several
 * folders have the name, in the one that the list is named after, as "train_labels.csv".
 */
export function finderFor(list: string, all: readonly string[]): (name: string) => string | undefined {
	const paths = pathsAround(list, all);
	const own = /[^\W_]+/.exec(list.split('/').at(-1) ?? '')?.[0].toLowerCase() ?? '';
	const find = finderOf(paths);
	const inOwn = paths.filter((path) => `/${path.toLowerCase()}`.includes(`/${own}/`));
	const findInOwn = inOwn.length === paths.length ? find : finderOf(inOwn);
	return (name) => find(name) ?? findInOwn(name);
}

/**
 * Returns a function that finds the path that a list means by a name, which may have more or fewer folders, or no
 * extension; undefined if there is none, or several.
 */
export function finderOf(paths: readonly string[]): (name: string) => string | undefined {
	const exact = new Map<string, string | undefined>();
	const loose = new Map<string, string | undefined>();
	for (const path of paths)
		for (const end of endsOf(path)) {
			exact.set(end, exact.has(end) ? undefined : path);
			loose.set(stem(end), loose.has(stem(end)) ? undefined : path);
		}
	return (name) => {
		if (name === '') return undefined;
		const ends = endsOf(name);
		const known = ends.find((end) => exact.has(end));
		if (known !== undefined) return exact.get(known);
		return loose.get([...ends, ...ends.map(stem)].find((end) => loose.has(end)) ?? '');
	};
}

/** A path, with one more leading folder removed each time. */
function endsOf(path: string): string[] {
	const parts = path
		.toLowerCase()
		.split(/[\\/]/)
		.filter((part) => part !== '' && part !== '.');
	return parts.map((_, at) => parts.slice(at).join('/'));
}

const stem = (name: string): string => name.replace(/\.\w+$/, '').replace(ADDED_TO_NAMES, '');
