/** Tables in Markdown, and where they stand in a document. */

import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';

/** Writes JSON as this project's other files are written. */
export async function writeJson(file: string, value: unknown): Promise<void> {
	const options = { ...(await resolveConfig(file)), parser: 'json' };
	writeFileSync(file, await format(JSON.stringify(value), options));
}

/** Rows of cells, the first of them the heads. */
export function table(rows: readonly (readonly string[])[]): string {
	const [head = [], ...body] = rows;
	const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
	const line = (cells: readonly string[]): string =>
		`| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
	return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** The text between two markers in `document` replaced. Throws Error where it has no such markers. */
export function replaceBetween(document: string, name: string, text: string): string {
	const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
	const [from, to] = [document.indexOf(begin), document.indexOf(end)];
	if (from < 0 || to < from) throw new Error(`The document lacks the markers ${begin} and ${end}.`);
	return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
}
