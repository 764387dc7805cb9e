/** A kiosk's query as people write it by hand: "&" and "+" within addresses are seldom escaped. */

/** Parameters whose values are addresses. */
const ADDRESSES = ['source', 'mqtt', 'link'];
/** Parameters that cameras also have: after an address with a "?", nobody can tell whose they are. */
const SHARED: ReadonlySet<string> = new Set(['fps', 'text', 'rotate', 'mirror', 'name']);

/** A longer query is too long to read. */
const MOST_SHOWN = 600;

const nameOf = (part: string): string => readQuery(part).keys().next().value ?? '';

/** As `URLSearchParams`, but a "+" within a stream's address stays a "+". */
export function readQuery(search: string): URLSearchParams {
	const parts = search.replace(/^\?/, '').split('&');
	return new URLSearchParams(
		parts.map((part) => (/^source=(?!camera)[a-z]+(:|%3A)/i.test(part) ? part.replaceAll('+', '%2B') : part)).join('&')
	);
}

/** A query as it was written, to be handed on: SvelteKit's `resolve` takes "/" and "[" for parts of a path. */
export function handedOn(search: string): string {
	return search.replace(/^\?/, '').replaceAll(/[/[\]]/g, encodeURIComponent);
}

/**
 * Parameters that seem to belong to a preceding address whose "&" is not escaped, with what to write instead. An
 * address that is escaped as a whole has no bare "?". The first parameter that only kiosks have (`known`) ends it.
 */
export function strayParameters(search: string, known: ReadonlySet<string>): ReadonlyMap<string, string> {
	const parts = search.replace(/^\?/, '').split('&');
	const stray = new Map<string, string>();
	for (const [index, part] of parts.entries()) {
		const run = runAfter(parts, index, known);
		if (run.length === 0) continue;
		const before = parts.slice(0, index);
		const rest = parts.slice(index + 1 + run.length);
		const joined = shown([...before, [part, ...run].join('%26'), ...rest]);
		for (const each of run) {
			const name = nameOf(each);
			const own = shown([...before, part.replaceAll('?', '%3F'), ...run, ...rest]);
			stray.set(
				name,
				SHARED.has(name)
					? `may be the camera’s or the kiosk’s: an & within an address is written %26, so write ${joined} for the camera, or ${own} for the kiosk`
					: `is not known. An & within an address is written %26: ${joined}. Or let /kiosk/setup build the address`
			);
		}
	}
	return stray;
}

/** Parts that may belong to the address before them, at `index`. */
function runAfter(parts: readonly string[], index: number, known: ReadonlySet<string>): readonly string[] {
	const part = parts[index] ?? '';
	if (!ADDRESSES.includes(nameOf(part)) || !part.slice(part.indexOf('=')).includes('?')) return [];
	const after = parts.slice(index + 1);
	const end = after.findIndex((each) => {
		const name = nameOf(each);
		return known.has(name) && !SHARED.has(name);
	});
	return end < 0 ? after : after.slice(0, end);
}

/** The query with such parameters put back into their addresses; in doubt, they are the kiosk's. */
export function joinStray(search: string, known: ReadonlySet<string>): string {
	const parts = search.replace(/^\?/, '').split('&');
	const joined: string[] = [];
	for (let index = 0; index < parts.length; index++) {
		const run = runAfter(parts, index, known);
		const own = run.slice(0, run.findLastIndex((each) => !SHARED.has(nameOf(each))) + 1);
		joined.push([parts[index], ...own].join('%26'));
		index += own.length;
	}
	return joined.join('&');
}

/** The query for copying, on one line; not repeated if it may hold a name and password, or is too long to read. */
function shown(parts: readonly string[]): string {
	const query = parts.join('&');
	if (query.length > MOST_SHOWN || /@|%40/.test(query)) return '?source=…%26…';
	return `?${query.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')}`;
}
