/** What a kiosk says about a face: its label, that it is unsure, or that the face is too small to be read. */
import type { FaceResult } from '../../core/types';
import { verdictOf } from '../../core/verdict';
import type { LoggedFace } from './minutes';

export interface ReadingRules {
	readonly modelId: string;
	readonly labels: readonly string[];
	readonly minFacePx: number;
	readonly threshold: number;
}

export type FaceReading =
	| { readonly kind: 'read'; readonly label: string; readonly share: number }
	| { readonly kind: 'unsure' }
	| { readonly kind: 'too-small' };

/** What to say about a face by these rules: the usual verdict, unless the face is too small. */
export function readFace(face: FaceResult, { modelId, labels, minFacePx, threshold }: ReadingRules): FaceReading {
	if (face.box.height < minFacePx) return { kind: 'too-small' };
	const verdict = verdictOf(face.readings[modelId], labels, threshold);
	if (verdict === null || verdict.unsure) return { kind: 'unsure' };
	return { kind: 'read', label: verdict.label, share: verdict.share };
}

/** Ids of the faces that are read and whose resting face has not been looked at yet. */
export function newToRest(faces: readonly FaceResult[], { modelId, minFacePx }: ReadingRules): number[] {
	return faces
		.filter(({ box, readings }) => {
			const reading = readings[modelId];
			return box.height >= minFacePx && reading !== undefined && reading.rest === undefined;
		})
		.map(({ id }) => id);
}

/** The face as the log counts it. */
export function loggedFace(face: FaceResult, rules: ReadingRules): LoggedFace {
	const reading = readFace(face, rules);
	const smoothed = face.readings[rules.modelId]?.smoothed ?? [];
	return {
		id: face.id,
		tooSmall: reading.kind === 'too-small',
		label: reading.kind === 'read' ? reading.label : null,
		probabilities:
			reading.kind === 'too-small'
				? {}
				: Object.fromEntries(rules.labels.map((label, index) => [label, smoothed[index] ?? 0]))
	};
}
