import { describe, expect, it } from 'vitest';
import { agreementOn, tallyFaces, verdictOf } from '../../../src/lib/core/verdict';

const LABELS = ['happy', 'sad'];
const reading = (smoothed: number[], top: number) => ({ scores: smoothed, smoothed, top });

describe('verdictOf', () => {
	it.each([
		[0.39, true],
		[0.4, false],
		[0.9, false]
	])('of a share of %f is unsure: %s', (share, unsure) => {
		expect(verdictOf(reading([share, 0], 0), LABELS, 0.4)).toEqual({ label: 'happy', share, unsure });
	});

	it('is never unsure at a threshold of 0', () => {
		expect(verdictOf(reading([0, 0], 1), LABELS, 0)).toEqual({ label: 'sad', share: 0, unsure: false });
	});

	it('is nothing without a reading, or for a label the model lacks', () => {
		expect(verdictOf(undefined, LABELS, 0.4)).toBeNull();
		expect(verdictOf(reading([0.5, 0.5, 0], 2), LABELS, 0.4)).toBeNull();
	});
});

it('counts faces by what they show, with the unsure last and the unread not at all', () => {
	const faces = [
		[0.9, 0.1],
		[0.2, 0.8],
		[0.55, 0.45],
		[0.7, 0.3]
	].map((scores) => ({
		readings: { mien: reading(scores, scores[0] !== undefined && scores[0] > 0.5 ? 0 : 1) }
	}));
	expect(tallyFaces([...faces, { readings: {} }], { id: 'mien', labels: LABELS, unsureBelow: 0.6 })).toEqual([
		{ label: 'happy', count: 2 },
		{ label: 'sad', count: 1 },
		{ label: null, count: 1 }
	]);
});

describe('agreementOn', () => {
	const [one, other] = [
		{ id: 'one', labels: LABELS },
		{ id: 'other', labels: LABELS.toReversed() }
	];
	const face = (top: number, otherTop: number) => ({
		readings: { one: reading([0.5, 0.5], top), other: reading([0.5, 0.5], otherTop) }
	});

	it('compares labels by name, whatever their order in each model', () => {
		expect(agreementOn(face(0, 1), [one, other])).toBe('agree');
		expect(agreementOn(face(0, 0), [one, other])).toBe('differ');
	});

	it('is nothing for one model alone, and until all have read the face', () => {
		expect(agreementOn(face(0, 1), [one])).toBeNull();
		expect(agreementOn({ readings: { one: reading([1, 0], 0) } }, [one, other])).toBeNull();
	});
});
