import { verdictOf } from '../../core/verdict';
import type { DrawnModel } from '../../overlay/draw';
import type { ListedPhoto } from './listed-photo';

/** A face, or a picture without one, as a table's line. */
export interface FaceLine {
	readonly photoId: number;
	readonly file: string;
	/** Number of the face in its picture; null where there is none. */
	readonly face: number | null;
	/** Null where it is unsure, or there is no face. */
	readonly label: string | null;
	/** 0..1; null where nothing is said. */
	readonly share: number | null;
	/** In place of a label: that there is no face, or no picture. */
	readonly note: string | null;
}

export type Column = 'file' | 'face' | 'label' | 'share';

const NOTES = { waiting: 'Waiting', working: 'Being read', cancelled: 'Not read', failed: 'Not readable' } as const;

/** A line for each face, and one for each picture without. */
export function faceLines(photos: readonly (ListedPhoto & { readonly id: number })[], model: DrawnModel): FaceLine[] {
	return photos.flatMap(({ id: photoId, name: file, state }): FaceLine[] => {
		const none = { photoId, file, face: null, label: null, share: null };
		if (state.kind !== 'done') return [{ ...none, note: NOTES[state.kind] }];
		if (state.result.faces.length === 0) return [{ ...none, note: 'No face' }];
		return state.result.faces.map(({ id, readings }) => {
			const verdict = verdictOf(readings[model.id], model.labels, model.unsureBelow);
			const said = verdict !== null && !verdict.unsure;
			const note = verdict === null ? 'Not read' : null;
			return { ...none, face: id, label: said ? verdict.label : null, share: said ? verdict.share : null, note };
		});
	});
}

const byName = new Intl.Collator('en', { numeric: true }).compare;

/** Sorted by one column; equals stay as they are, and lines without a value come last either way. */
export function sortLines(lines: readonly FaceLine[], column: Column, descending: boolean): FaceLine[] {
	const sign = descending ? -1 : 1;
	return lines.toSorted((a, b) => {
		const [left, right] = [a[column], b[column]];
		if (left === null || right === null) return Number(left === null) - Number(right === null);
		const order =
			typeof left === 'number' && typeof right === 'number' ? left - right : byName(String(left), String(right));
		return sign * order;
	});
}
