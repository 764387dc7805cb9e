export type Cell = string | number | boolean | null;

/** Without it, Excel takes UTF-8 for its regional encoding. */
export const BYTE_ORDER_MARK = '\uFEFF';
/** What begins a formula, including full-width forms. */
const FORMULA = /^[=+\-@|%＝＋－＠｜％]/;
/** What spreadsheets skip at the start of a cell, or take for the start of another. */
const PASSED_OVER = /^[\s\p{Z}\p{C}"';,]+/u;

/**
 * A table as CSV (RFC 4180): a byte order mark, a header, lines that end in CRLF, quotes where needed; null is an empty
 * cell. Text that a spreadsheet would take for a formula is defused, even if the formula only starts a cell when
 * semicolons separate cells: file names and labels are whatever somebody wrote.
 */
export function toCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
	return BYTE_ORDER_MARK + [header, ...rows].map(csvLine).join('');
}

/** One line of such a table. */
export function csvLine(row: readonly Cell[]): string {
	return `${row.map(quote).join(',')}\r\n`;
}

function quote(cell: Cell): string {
	const text = typeof cell === 'string' ? defused(cell) : String(cell ?? '');
	return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function defused(text: string): string {
	// What follows a line end or a semicolon may become a cell of its own.
	const whole = text
		.split(/([;\t\r\n]+)/)
		.map((part, index) => (index % 2 === 0 && isFormula(part) ? `'${part}` : part))
		.join('');
	return /^[\t\r]/.test(text) ? `'${whole}` : whole;
}

function isFormula(text: string): boolean {
	return FORMULA.test(text.replace(PASSED_OVER, ''));
}
