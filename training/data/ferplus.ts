/** FER+ (Barsoum et al., 2016): ten people's votes for every row of FER2013, in the same order. */
import { parse } from 'csv-parse/sync';
import { readFileSync } from 'node:fs';
import { FER2013_LABELS } from '../../src/lib/core/fer2013';
import { UserError, messageOf } from '../lib/errors';
import { requireFile } from '../lib/files';
import type { Dataset } from './dataset';
import { USAGES } from './fer2013';

/** FER+'s column of each FER2013 label, in the order of FER2013_LABELS. */
const COLUMNS = ['anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral'] as const;
/** Votes that FER2013 has no label for; NF is "not a face". */
const OTHER_COLUMNS = ['contempt', 'unknown', 'NF'] as const;

const TAKES = "--ferplus takes FER+'s fer2013new.csv.";

/** Rows in the order of FER2013. */
export interface FerPlus {
	readonly n: number;
	/**
	 * [n, 7] shares of the votes for the seven labels, which sum to 1; all 0 if they got fewer than half of the votes.
	 */
	readonly votes: Float32Array<SharedArrayBuffer>;
	/** The label with the most votes, or -1 if another answer has as many. */
	readonly majority: Int8Array;
	/** 1 if most said that there is no face. */
	readonly faceless: Uint8Array<SharedArrayBuffer>;
}

/** Reads `fer2013new.csv`. Throws UserError if it is missing, damaged, or its rows are not those of the data. */
export function readFerPlus(file: string, { n: rows, usage }: Pick<Dataset, 'n' | 'usage'>): FerPlus {
	requireFile(file, TAKES);
	let records: Record<string, string>[];
	try {
		records = parse(readFileSync(file), { columns: true, bom: true, skip_empty_lines: true, trim: true });
	} catch (thrown) {
		throw new UserError(`${file} is not a table, or is damaged: ${messageOf(thrown).slice(0, 80)}. ${TAKES}`);
	}
	const missing = [...COLUMNS, ...OTHER_COLUMNS].filter((name) => records.some((record) => !(name in record)));
	if (missing.length > 0) throw new UserError(`${file} has no column ${missing.join(', ')}. ${TAKES}`);
	if (records.length !== rows)
		throw new UserError(`${file} has ${String(records.length)} rows, but the data has ${String(rows)}.`);
	// The tables have only the order of their rows in common: the votes of one in another order would be for other faces.
	const strange = records.findIndex(({ Usage = '' }, row) => Usage !== '' && Usage !== USAGES[usage[row] ?? -1]);
	if (strange >= 0)
		throw new UserError(
			`${file}, row ${String(strange + 1)} is for ${String(records[strange]?.['Usage'])}, but that row of the data is for ` +
				`${String(USAGES[usage[strange] ?? -1])}. The votes fit FER2013 in its own order: take fer2013.csv as published.`
		);
	const labels = FER2013_LABELS.length;
	const votes = new Float32Array(new SharedArrayBuffer(4 * rows * labels));
	const majority = new Int8Array(rows);
	const faceless = new Uint8Array(new SharedArrayBuffer(rows));
	for (const [row, record] of records.entries()) {
		const read = (name: string): number => {
			const value = Number(record[name] ?? NaN);
			if (!Number.isInteger(value) || value < 0)
				throw new UserError(
					`${file}, row ${String(row + 1)}: ${name} must be a count, but it is "${String(record[name])}".`
				);
			return value;
		};
		const counts = COLUMNS.map(read);
		const others = OTHER_COLUMNS.map(read);
		const sum = counts.reduce((a, b) => a + b, 0);
		const all = sum + others.reduce((a, b) => a + b, 0);
		if (2 * sum >= all && sum > 0)
			for (const [label, count] of counts.entries()) votes[row * labels + label] = count / sum;
		const most = Math.max(...counts, ...others);
		const winners = [...counts, ...others].filter((count) => count === most).length;
		majority[row] = winners === 1 ? counts.indexOf(most) : -1;
		faceless[row] = 2 * (others[2] ?? 0) > all ? 1 : 0;
	}
	return { n: rows, votes, majority, faceless };
}
