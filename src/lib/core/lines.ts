/** Text that comes in pieces, cut into lines; `end` gives the last one, where no line break follows it. */
export function createLineSplitter(): { push: (piece: string) => string[]; end: () => string[] } {
	let rest = '';
	return {
		push(piece) {
			const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
			rest = lines.pop() ?? '';
			return lines;
		},
		end() {
			const last = rest.replace(/\r$/, '');
			rest = '';
			return last === '' ? [] : [last];
		}
	};
}
