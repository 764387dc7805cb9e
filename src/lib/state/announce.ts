/** What a screen reader is told, and when: only what has settled, and not too often. */
import type { FrameResult } from '../core/types';
import { verdictOf } from '../core/verdict';
import { countBy } from './count-by';

export interface Announcer {
	/** The sentence to read out; changes only when it should be read. */
	readonly spoken: string;
	readonly spokenAtMs: number;
	/** The sentence that has been true since `sinceMs`. */
	readonly pending: string;
	readonly sinceMs: number;
}

export const SILENT: Announcer = { spoken: '', spokenAtMs: -Infinity, pending: '', sinceMs: -Infinity };

/** A sentence must stay true this long before it is read, and this long must pass between two. */
const SETTLED_MS = 1200;
const PAUSE_MS = 2500;
/** More faces than this are only counted: nobody listens to thirty of them. */
const MOST_NAMED = 5;

/** The announcer after `sentence` was found true at `nowMs`. */
export function announce(announcer: Announcer, sentence: string, nowMs: number): Announcer {
	const sinceMs = announcer.pending === sentence ? announcer.sinceMs : nowMs;
	const seen = { ...announcer, pending: sentence, sinceMs };
	const due = nowMs - sinceMs >= SETTLED_MS && nowMs - announcer.spokenAtMs >= PAUSE_MS;
	return due && sentence !== announcer.spoken ? { ...seen, spoken: sentence, spokenAtMs: nowMs } : seen;
}

/** The model whose readings are told, and from which probability on. */
export interface ToldModel {
	readonly id: string;
	readonly labels: readonly string[];
	readonly unsureBelow: number;
}

/** The faces and their labels as one sentence, in order of their ids; for many faces, how many have which label. */
export function describeFaces({ faces }: FrameResult, { id: modelId, labels, unsureBelow }: ToldModel): string {
	if (faces.length === 0) return 'No face in view.';
	const word = (face: FrameResult['faces'][number]): string => {
		const verdict = verdictOf(face.readings[modelId], labels, unsureBelow);
		if (verdict === null) return 'not read';
		return verdict.unsure ? 'unsure' : verdict.label;
	};
	if (faces.length > MOST_NAMED) {
		const counts = countBy(faces.map(word)).toSorted(([, a], [, b]) => b - a);
		return `${faces.length} faces: ${counts.map(([each, count]) => `${count} ${each}`).join(', ')}.`;
	}
	const parts = [...faces].sort((a, b) => a.id - b.id).map((face) => `face ${face.id}: ${word(face)}`);
	const sentence = parts.join(', ');
	return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}
