/** A file of any size, line by line. */

/** No row of FER2013 is even half as long. */
const MOST_CHARACTERS = 65_536;

/**
 * Splits text that arrives in pieces into lines; `end` returns the last one if no line break follows it. `push` throws
 * RangeError if a line has more than 65,536 characters: that is not a table, and would be slow to split.
 */
export function createLineSplitter(): { push: (piece: string) => string[]; end: () => string[] } {
	let rest = '';
	return {
		push(piece) {
			const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
			rest = lines.pop() ?? '';
			if (rest.length > MOST_CHARACTERS || lines.some(({ length }) => length > MOST_CHARACTERS))
				throw new RangeError(`A line has more than ${MOST_CHARACTERS} characters: this is not a table.`);
			return lines;
		},
		end() {
			const last = rest.replace(/\r$/, '');
			rest = '';
			return last === '' ? [] : [last];
		}
	};
}
