/** A file of any size, line by line. */

/** No row of FER2013 is half as long. */
const MOST_CHARACTERS = 65_536;

/**
 * Text that comes in pieces, cut into lines; `end` gives the last one, where no line break follows it. Both throw
 * RangeError where a line has more than 65,536 characters: that is no table, and would take long to take apart.
 */
export function createLineSplitter(): { push: (piece: string) => string[]; end: () => string[] } {
	let rest = '';
	return {
		push(piece) {
			const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
			rest = lines.pop() ?? '';
			if (rest.length > MOST_CHARACTERS || lines.some(({ length }) => length > MOST_CHARACTERS))
				throw new RangeError(`A line has more than ${MOST_CHARACTERS} characters: this is no table.`);
			return lines;
		},
		end() {
			const last = rest.replace(/\r$/, '');
			rest = '';
			return last === '' ? [] : [last];
		}
	};
}
