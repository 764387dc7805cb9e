/** Which rows of FER2013's tables can be measured, under their own names. */
import type { TableInfo } from '../data-sets/tables';
import type { RowChoice } from '../protocol/tasks';

export interface TitledChoice extends RowChoice {
	readonly rows: number;
}

/** Most wanted parts first. */
const ORDER: readonly (string | null)[] = ['PrivateTest', 'PublicTest', 'Training'];
const PAPER = ['PublicTest', 'PrivateTest'];

/**
 * Each part that a table names, both test sets together as in the paper, and all rows. With several tables, each by
 * itself, as one may be a copy of another, and all together if each names its parts and no two name the same.
 */
export function choicesOf(tables: readonly TableInfo[]): TitledChoice[] {
	const several = tables.length > 1;
	const own = tables.flatMap((table) => choicesOfOne(table, several));
	const parts = tables.flatMap(({ usages }) => usages.map(({ usage }) => usage));
	if (!several || parts.includes(null) || new Set(parts).size < parts.length) return sorted(own);
	const together = choicesOfOne(
		{
			name: '',
			rows: tables.reduce((sum, { rows }) => sum + rows, 0),
			usages: tables.flatMap(({ usages }) => usages)
		},
		false
	).map((choice) => ({ ...choice, table: null }));
	// Single parts are there already.
	return sorted([...together.filter(({ usages }) => usages?.length !== 1), ...own]);
}

/** The numbers that the rows of these tables have as labels, in ascending order. */
export function numbersOf(tables: readonly TableInfo[]): number[] {
	return [...new Set(tables.flatMap(({ numbers }) => numbers))].sort((a, b) => a - b);
}

function choicesOfOne({ name, rows, usages }: Omit<TableInfo, 'numbers'>, several: boolean): TitledChoice[] {
	const table = several ? name : null;
	const of = several ? ` of ${name.split('/').at(-1) ?? name}` : '';
	const tells = usages.some(({ usage }) => usage !== null);
	const parts = usages
		.filter(({ usage }) => usage !== null)
		.map(({ usage, rows }) => ({
			table,
			usages: [usage],
			title: `${usage === null || usage === '' ? 'Rows without a usage' : usage}${of}`,
			rows
		}));
	const tests = usages.filter(({ usage }) => usage !== null && PAPER.includes(usage));
	const paper = {
		table,
		usages: PAPER,
		title: `Both test sets, as in the paper${of}`,
		rows: tests.reduce((sum, { rows }) => sum + rows, 0)
	};
	const all = { table, usages: null, title: `All rows${of}${tells ? '' : ' (no Usage column)'}`, rows };
	return [...parts, ...(tests.length === PAPER.length ? [paper] : []), all];
}

function sorted(choices: readonly TitledChoice[]): TitledChoice[] {
	const place = ({ usages }: TitledChoice): number => {
		if (usages === null) return 4;
		if (usages.length > 1) return 2;
		const index = ORDER.indexOf(usages[0] ?? null);
		return index < 0 ? 3.5 : ([0, 1, 3][index] ?? 3.5);
	};
	return [...choices].sort((a, b) => place(a) - place(b));
}
