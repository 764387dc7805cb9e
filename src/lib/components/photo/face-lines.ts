import { verdictOf } from '../../core/verdict';
import type { DrawnModel } from '../../overlay/draw';
import type { ListedPhoto } from './listed-photo';

/** A face, or a picture without one, as a table row. */
export interface FaceLine {
	readonly photoId: number;
	readonly file: string;
	/** Number of the face in its picture; null if there is none. */
	readonly face: number | null;
	/** Null if the model is unsure, or there is no face. */
	readonly label: string | null;
	/** 0..1; null if there is no label. */
	readonly share: number | null;
	/** Shown instead of a label: that there is no face, or no picture. */
	readonly note: string | null;
}

export type Column = 'file' | 'face' | 'label' | 'share';

const NOTES = { waiting: 'Waiting', working: 'Reading', cancelled: 'Not read', failed: 'Not readable' } as const;

/** A row for each face, and one for each picture without faces. */
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

/** Sorted by one column. The sort is stable; rows without a value come last in both directions. */
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
