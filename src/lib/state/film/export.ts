/** A film's numbers as files: the table as CSV, and everything, with its provenance, as JSON. */
import { verdictOf } from '../../core/verdict';
import type { ToldLabels } from './episodes';
import { csvParts, type ColumnOptions } from './columns';
import type { Person } from './people';
import type { FileStamp, Notes, Reading } from './record';
import { LANDMARKS, type FilmTable } from './table';
import type { FilmInfo } from '../../sources/film/film';

export interface ExportedFilm {
	readonly stamp: FileStamp;
	readonly sha256: string | null;
	readonly info: FilmInfo;
	readonly reading: Reading;
	readonly notes: Notes;
	readonly table: FilmTable;
	readonly people: readonly Person[];
	readonly told: readonly ToldLabels[];
	/** How reading ended; null if there is more to read. */
	readonly ended: string | null;
	readonly exportedMs: number;
}

/** Frames in one part of the text. */
const PART = 2000;

/** Hidden persons and excluded ranges are left out. */
function columnOptions({ told, notes, people }: Pick<ExportedFilm, 'told' | 'notes' | 'people'>): ColumnOptions {
	const persons = new Map(people.flatMap((person) => person.faceIds.map((id) => [id, person] as const)));
	return {
		told,
		epochMs: notes.epochMs,
		personOf: (faceId) => {
			const person = persons.get(faceId);
			return person === undefined ? String(faceId) : person.hidden ? null : person.name;
		},
		isExcluded: (timeS) => notes.excluded.some(({ fromS, toS }) => timeS >= fromS && timeS < toS)
	};
}

export function filmToCsv(film: ExportedFilm): Blob {
	return new Blob([...csvParts(film.table, columnOptions(film))], { type: 'text/csv' });
}

/** Where the numbers come from. */
function provenance(film: ExportedFilm): Record<string, unknown> {
	const { stamp, sha256, info, reading, notes, table, people, told } = film;
	const iso = (ms: number): string => new Date(ms).toISOString();
	return {
		schema: 1,
		application: reading.application,
		film: {
			file: stamp.name,
			bytes: stamp.bytes,
			sha256,
			modified: iso(stamp.lastModified),
			container: info.container,
			codec: info.codec,
			width: info.size.width,
			height: info.size.height,
			hdr: info.hdr,
			startSeconds: info.startS,
			endSeconds: info.endS,
			frames: info.frameCount,
			isCutShort: info.cutShort,
			videoTracks: info.videoTracks,
			recorded: notes.epochMs === null ? null : iso(notes.epochMs)
		},
		reading: {
			began: iso(reading.beganMs),
			exported: iso(film.exportedMs),
			ended: film.ended,
			reader: info.method,
			framesPerSecond: reading.options.perSecond ?? 'all',
			fromSeconds: reading.options.fromS ?? info.startS,
			toSeconds: reading.options.toS ?? info.endS,
			framesAnalysed: table.frameCount,
			framesPresent: info.frameCount,
			damaged: table.gaps.map(({ fromS, toS }) => ({ fromSeconds: fromS, toSeconds: toS })),
			smallestFacePixels: reading.options.smallestFacePx,
			analysedWidth: info.analysedSize.width,
			analysedHeight: info.analysedSize.height,
			...reading.rules,
			engine: reading.engine
		},
		detectors: reading.detectors,
		models: reading.models.map((model) => ({
			...model,
			unsureBelow: told.find(({ id }) => id === model.id)?.unsureBelow ?? null
		})),
		people: people.map(({ id, name, faceIds, hidden }) => ({ id, name, faceIds, hidden })),
		markers: notes.markers.map(({ timeS, text }) => ({ seconds: timeS, text })),
		excluded: notes.excluded.map(({ fromS, toS }) => ({ fromSeconds: fromS, toSeconds: toS }))
	};
}

/** `frames`: one entry per analysed frame, with its faces; `columns` says what each position of `values` is. */
export function filmToJson(film: ExportedFilm): Blob {
	const head = JSON.stringify(provenance(film), null, '\t').slice(0, -2);
	const columns = JSON.stringify(jsonColumns(film.told));
	return new Blob([`${head},\n\t"columns": ${columns},\n\t"frames": [`, ...jsonParts(film), '\n\t]\n}\n'], {
		type: 'application/json'
	});
}

/** What each position of a face's values is. */
export function jsonColumns(told: readonly ToldLabels[]): string[] {
	return [
		...['confidence', 'x', 'y', 'box_width', 'box_height'],
		...LANDMARKS.flatMap((name) => [`${name}.x`, `${name}.y`]),
		...told.flatMap(({ id, labels }) => [
			`${id}.label`,
			`${id}.unsure`,
			...labels.map((label) => `${id}.${label}.raw`),
			...labels.map((label) => `${id}.${label}`)
		])
	];
}

function* jsonParts(film: ExportedFilm): Generator<string, void, undefined> {
	const { table } = film;
	const options = columnOptions(film);
	let isFirst = true;
	for (let from = 0; from < table.frameCount; from += PART) {
		const text = jsonFrames(table, from, Math.min(table.frameCount, from + PART), options, isFirst);
		isFirst &&= text === '';
		yield text;
	}
}

/** Frames from `fromFrame` up to but not including `toFrame` as JSON list entries. `isFirst`: none precede them. */
export function jsonFrames(
	table: FilmTable,
	fromFrame: number,
	toFrame: number,
	options: ColumnOptions,
	isFirst: boolean
): string {
	const entries: string[] = [];
	for (let index = fromFrame; index < toFrame; index++) {
		if (options.isExcluded(table.timeAt(index))) continue;
		entries.push(`\n\t\t${JSON.stringify(jsonFrame(table, index, options))}`);
	}
	return (isFirst || entries.length === 0 ? '' : ',') + entries.join(',');
}

function jsonFrame(table: FilmTable, index: number, { told, personOf, epochMs }: ColumnOptions): unknown {
	const [from, to] = table.rowsOf(index);
	const faces = Array.from({ length: to - from }, (_, offset) => table.faceAt(from + offset)).flatMap(
		({ faceId, confidence, box, landmarks, readings }) => {
			const person = personOf?.(faceId);
			if (person === null) return [];
			const points = LANDMARKS.flatMap((name) => [landmarks[name].x, landmarks[name].y]);
			const px = [box.x, box.y, box.width, box.height, ...points];
			const values = told.flatMap(({ id, labels, unsureBelow }) => {
				const reading = readings[id];
				const verdict = verdictOf(reading, labels, unsureBelow);
				const shares = [...(reading?.scores ?? []), ...(reading?.smoothed ?? [])];
				return [verdict?.label ?? null, verdict?.unsure ?? null, ...shares.map((share) => round(share, 4))];
			});
			return [
				{
					face: faceId,
					...(person !== undefined && { person }),
					values: [round(confidence, 4), ...px.map((value) => round(value, 1)), ...values]
				}
			];
		}
	);
	const timeS = table.timeAt(index);
	return {
		frame: table.frameAt(index),
		timestamp: round(timeS, 3),
		...(epochMs !== null && { datetime: new Date(epochMs + timeS * 1000).toISOString() }),
		faces
	};
}

function round(value: number, digits: number): number {
	return Number(value.toFixed(digits));
}
