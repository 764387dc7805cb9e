/**
 * The table of a film, or of a live session, as CSV: one row for each face of each analysed frame, or a single row if
 * no face was found. Names follow OpenFace where it has them; every column is described in src/routes/film/README.md.
 */
import { verdictOf } from '../../core/verdict';
import { BYTE_ORDER_MARK, csvLine, type Cell } from '../csv';
import type { ToldLabels } from './episodes';
import { LANDMARKS, type FilmTable } from './table';

/** Rows in one part of the text: few enough that the page stays responsive. */
const PART = 2000;

export interface ColumnOptions {
	/** The models of the table, with the limits below which they are unsure. */
	readonly told: readonly ToldLabels[];
	/** When second 0 was, in milliseconds since 1970; null omits the column of clock times. */
	readonly epochMs: number | null;
	/** The person of a face; null omits the column. Returns null for a hidden face, which gets no row. */
	readonly personOf: ((faceId: number) => string | null) | null;
	/** Whether the frame at this time is left out. */
	readonly isExcluded: (timeS: number) => boolean;
}

function columnNames({ told, epochMs, personOf }: ColumnOptions): string[] {
	return [
		...['frame', 'timestamp'],
		...(epochMs === null ? [] : ['datetime']),
		'face_id',
		...(personOf === null ? [] : ['person']),
		...['success', 'confidence', 'x', 'y', 'box_width', 'box_height'],
		...LANDMARKS.flatMap((name) => [`${snake(name)}_x`, `${snake(name)}_y`]),
		...told.flatMap(({ id, labels }) => [
			`${id}_label`,
			`${id}_unsure`,
			...labels.map((label) => `${id}_${label}_raw`),
			...labels.map((label) => `${id}_${label}`)
		])
	];
}

/** The rows of the table as text, part by part; the header first. */
export function* csvParts(table: FilmTable, options: ColumnOptions): Generator<string, void, undefined> {
	yield csvHeader(options);
	for (let from = 0; from < table.frameCount; from += PART) {
		yield csvRows(table, from, Math.min(table.frameCount, from + PART), options);
	}
}

/** What the table starts with. */
export function csvHeader(options: ColumnOptions): string {
	return BYTE_ORDER_MARK + csvLine(columnNames(options));
}

/** The rows of the frames from `fromFrame` up to but not including `toFrame`. */
export function csvRows(table: FilmTable, fromFrame: number, toFrame: number, options: ColumnOptions): string {
	const { told, epochMs, personOf, isExcluded } = options;
	const lines: string[] = [];
	for (let index = fromFrame; index < toFrame; index++) {
		const timeS = table.timeAt(index);
		if (isExcluded(timeS)) continue;
		const start: Cell[] = [table.frameAt(index), Math.round(timeS * 1000) / 1000];
		if (epochMs !== null) start.push(new Date(epochMs + timeS * 1000).toISOString());
		const [from, to] = table.rowsOf(index);
		let written = 0;
		for (let row = from; row < to; row++) {
			const person = personOf?.(table.faceIdAt(row));
			if (person === null) continue;
			lines.push(
				csvLine([
					...start,
					table.faceIdAt(row),
					...(person === undefined ? [] : [person]),
					...faceCells(table, row, told)
				])
			);
			written++;
		}
		if (written > 0) continue;
		const empty = 5 + 2 * LANDMARKS.length + told.reduce((sum, { labels }) => sum + 2 + 2 * labels.length, 0);
		lines.push(csvLine([...start, null, ...(personOf === null ? [] : [null]), 0, ...Array<null>(empty).fill(null)]));
	}
	return lines.join('');
}

/** The cells from `success` on. */
function faceCells(table: FilmTable, row: number, told: readonly ToldLabels[]): Cell[] {
	const { confidence, box, landmarks, readings } = table.faceAt(row);
	const px = (value: number): number => Math.round(value * 10) / 10;
	const share = (value: number): number | null => (Number.isNaN(value) ? null : Math.round(value * 1e4) / 1e4);
	return [
		...[1, share(confidence), px(box.x), px(box.y), px(box.width), px(box.height)],
		...LANDMARKS.flatMap((name) => [px(landmarks[name].x), px(landmarks[name].y)]),
		...told.flatMap(({ id, labels, unsureBelow }): Cell[] => {
			const reading = readings[id];
			const verdict = verdictOf(reading, labels, unsureBelow);
			return [
				verdict?.label ?? null,
				verdict === null ? null : Number(verdict.unsure),
				...labels.map((_, index) => share(reading?.scores[index] ?? NaN)),
				...labels.map((_, index) => share(reading?.smoothed[index] ?? NaN))
			];
		})
	];
}

function snake(name: string): string {
	return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
