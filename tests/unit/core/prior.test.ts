import { describe, expect, it } from 'vitest';
import { applyPrior, everydayRatio, withPrior } from '../../../src/lib/core/prior';
import type { Classifier } from '../../../src/lib/core/types';

describe('applyPrior', () => {
	it('multiplies the odds of each label', () => {
		// Odds of 3 to 1 become 3 to 2.
		expect(applyPrior([0.75, 0.25], [1, 2])).toEqual([expect.closeTo(0.6, 9), expect.closeTo(0.4, 9)]);
	});

	it('leaves certainty unchanged, and changes nothing for equal ratios', () => {
		expect(applyPrior([1, 0, 0], [1, 5, 9])).toEqual([1, 0, 0]);
		const even = applyPrior([0.5, 0.3, 0.2], [4, 4, 4]);
		for (const [label, p] of [0.5, 0.3, 0.2].entries()) expect(even[label]).toBeCloseTo(p, 9);
	});

	it('can be undone by the inverse ratios', () => {
		const there = applyPrior([0.1, 0.2, 0.7], [1, 3, 0.5]);
		const back = applyPrior(there, [1, 1 / 3, 2]);
		for (const [label, p] of [0.1, 0.2, 0.7].entries()) expect(back[label]).toBeCloseTo(p, 9);
	});
});

describe('withPrior', () => {
	const classifier: Classifier = {
		id: 'small',
		labels: ['a', 'b'],
		input: { size: 2, channels: 1, range: [0, 1], crop: { scale: 1, shift: [0, 0], align: false } },
		classify: (_, count) => Promise.resolve(Array.from({ length: count }, () => [0.75, 0.25]))
	};

	it('shifts every answer of a classifier that otherwise stays the same', async () => {
		const shifted = withPrior(classifier, [1, 2]);
		expect(shifted).toMatchObject({ id: 'small', labels: classifier.labels, input: classifier.input });
		const row = [expect.closeTo(0.6, 9), expect.closeTo(0.4, 9)];
		expect(await shifted.classify(new Float32Array(8), 2)).toEqual([row, row]);
	});

	it('is the classifier itself if no ratio is known', () => {
		expect(withPrior(classifier, undefined)).toBe(classifier);
	});
});

describe('everydayRatio', () => {
	it('undoes the shares of the training pictures in the same way for every use, whatever the order of labels', () => {
		const { photo, live } = everydayRatio(['disgust', 'sad', 'surprise', 'fear', 'angry']);
		expect(photo).toEqual([9, 1, 1.2, 1, 1.2]);
		expect(live).toEqual(photo);
		expect(everydayRatio(['a', 'b']).live).toEqual([1, 1]);
	});

	it('counts rest more in live use, and smiles more in photos', () => {
		expect(everydayRatio(['neutral', 'happy'])).toEqual({ photo: [1.5, 2], live: [2.5, 1.5] });
	});
});
