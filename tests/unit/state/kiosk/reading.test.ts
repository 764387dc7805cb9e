import { describe, expect, it } from 'vitest';
import { loggedFace, newToRest, readFace, type ReadingRules } from '../../../../src/lib/state/kiosk/reading';
import { face } from '../results';

/** Faces in these tests are 40 pixels high. */
const RULES: ReadingRules = { modelId: 'mien', labels: ['happy', 'sad'], minFacePx: 40, threshold: 0.6 };
const FAR: ReadingRules = { ...RULES, minFacePx: 41 };

describe('readFace', () => {
	it('gives the label from the threshold on, and unsure below it', () => {
		expect(readFace(face(1, [0.4, 0.6]), RULES)).toEqual({ kind: 'read', label: 'sad', share: 0.6 });
		expect(readFace(face(1, [0.41, 0.59]), RULES)).toEqual({ kind: 'unsure' });
	});

	it('does not read a face that is too small, however sure its model is', () => {
		expect(readFace(face(1, [1, 0]), FAR)).toEqual({ kind: 'too-small' });
	});

	it('is unsure of a face that its model has not read', () => {
		expect(readFace(face(1, [1, 0]), { ...RULES, modelId: 'other' })).toEqual({ kind: 'unsure' });
	});
});

it('a resting look is asked for only for faces that are read and have none yet', () => {
	const [known, fresh] = [face(1, [1, 0]), face(2, [1, 0])];
	const rested = { ...known, readings: { mien: { ...known.readings['mien'], rest: 0 } } } as typeof known;
	expect(newToRest([rested, fresh], RULES)).toEqual([2]);
	expect(newToRest([fresh], FAR)).toEqual([]);
	expect(newToRest([fresh], { ...RULES, modelId: 'other' })).toEqual([]);
});

describe('loggedFace', () => {
	it('has the probabilities by label, even if no label is given', () => {
		expect(loggedFace(face(3, [0.7, 0.3]), RULES)).toEqual({
			...{ id: 3, tooSmall: false, label: 'happy' },
			probabilities: { happy: 0.7, sad: 0.3 }
		});
		expect(loggedFace(face(3, [0.5, 0.5]), RULES)).toMatchObject({
			label: null,
			probabilities: { happy: 0.5, sad: 0.5 }
		});
	});

	it('has none for a face that is too small', () => {
		expect(loggedFace(face(3, [1, 0]), FAR)).toEqual({ id: 3, tooSmall: true, label: null, probabilities: {} });
	});
});
