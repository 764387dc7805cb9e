export type Cell = string | number | boolean | null;

/**
 * A table as CSV (RFC 4180): a header, lines that end in CRLF, quotes where they are needed; null is an empty cell. Text
 * that a spreadsheet would take for a formula is defused: names of files and labels are whatever somebody wrote.
 */
export function toCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
	return [header, ...rows].map(csvLine).join('');
}

/** One line of such a table. */
export function csvLine(row: readonly Cell[]): string {
	return `${row.map(quote).join(',')}\r\n`;
}

function quote(cell: Cell): string {
	const text = typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : String(cell ?? '');
	return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
