import { describe, expect, it } from 'vitest';
import type { FrameResult } from '../../../src/lib/core/types';
import { countAgreement, NO_AGREEMENT } from '../../../src/lib/state/agreement';

const A = { id: 'a', labels: ['happy', 'sad'] };
const B = { id: 'b', labels: ['sad', 'happy'] };
const C = { id: 'c', labels: ['happy', 'sad'] };

/** One face for each row of votes: the index of each model's label. */
function frameOf(...faces: Record<string, number>[]): FrameResult {
	return {
		faces: faces.map((tops) => ({
			readings: Object.fromEntries(Object.entries(tops).map(([id, top]) => [id, { top }]))
		}))
	} as unknown as FrameResult;
}

describe('countAgreement', () => {
	it('compares labels by name, whatever their order', () => {
		const once = countAgreement(NO_AGREEMENT, frameOf({ a: 0, b: 1 }, { a: 0, b: 0 }), [A, B]);
		expect(once).toEqual({ readings: 2, unanimous: 1, withFirst: { b: 1 } });
		expect(countAgreement(once, frameOf({ a: 1, b: 0 }), [A, B])).toEqual({
			readings: 3,
			unanimous: 2,
			withFirst: { b: 2 }
		});
	});

	it('counts each of several models against the first, and all together', () => {
		const frame = frameOf({ a: 0, b: 1, c: 0 }, { a: 0, b: 1, c: 1 }, { a: 0, b: 0, c: 1 });
		expect(countAgreement(NO_AGREEMENT, frame, [A, B, C])).toEqual({
			readings: 3,
			unanimous: 1,
			withFirst: { b: 2, c: 1 }
		});
	});

	it('leaves out faces that a model has not read, and counts nothing for a single model', () => {
		expect(countAgreement(NO_AGREEMENT, frameOf({ a: 0 }), [A, B])).toEqual(NO_AGREEMENT);
		expect(countAgreement(NO_AGREEMENT, frameOf({ a: 0 }), [A])).toBe(NO_AGREEMENT);
	});
});
