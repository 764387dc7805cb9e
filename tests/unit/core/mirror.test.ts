import { describe, expect, it } from 'vitest';
import { mirrorBatch, withMirrorImage } from '../../../src/lib/core/mirror';
import type { Classifier, InputSpec } from '../../../src/lib/core/types';

const INPUT: InputSpec = { size: 2, channels: 1, range: [-1, 1], crop: { scale: 1, shift: [0, 0], align: false } };

/** Gives "a" the mean of the left half of each picture, mapped from the input's range to 0..1. */
function createMember(id: string, input: InputSpec, labels = ['a', 'b']) {
	const batches: Float32Array[] = [];
	const [low, high] = input.range;
	const member: Classifier = {
		id,
		labels,
		input,
		classify(batch, count) {
			batches.push(batch);
			const length = batch.length / count;
			return Promise.resolve(
				Array.from({ length: count }, (_, face) => {
					const top = batch[face * length] ?? 0;
					const bottom = batch[face * length + 2 * input.channels] ?? 0;
					const share = ((top + bottom) / 2 - low) / (high - low);
					return [share, 1 - share];
				})
			);
		}
	};
	return { member, batches };
}

describe('mirrorBatch', () => {
	it('reverses every row of every picture and keeps channels together', () => {
		const batch = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
		expect([...mirrorBatch(batch, 2, 2, 1)]).toEqual([2, 1, 4, 3, 6, 5, 8, 7]);
		expect([...mirrorBatch(batch, 1, 2, 2)]).toEqual([3, 4, 1, 2, 7, 8, 5, 6]);
		expect([...batch]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
	});

	it('gives the batch back when done twice', () => {
		const batch = Float32Array.from({ length: 3 * 5 * 5 * 3 }, (_, index) => index);
		expect(mirrorBatch(mirrorBatch(batch, 3, 5, 3), 3, 5, 3)).toEqual(batch);
	});
});

describe('withMirrorImage', () => {
	/** Two faces of 2 x 2 values: left halves -1 and 1. */
	const faces = Float32Array.from([-1, 1, -1, 1, 1, -0.6, 1, -0.6]);

	it('averages over a face and its mirror image', async () => {
		const { member, batches } = createMember('grey', INPUT);
		const average = withMirrorImage('both', member, { temperature: 1 });
		expect([average.id, average.labels, average.input]).toEqual(['both', member.labels, INPUT]);
		const rows = await average.classify(faces, 2);
		expect(batches.map((batch) => [...batch])).toEqual([
			[...faces],
			[1, -1, 1, -1, expect.closeTo(-0.6), 1, expect.closeTo(-0.6), 1]
		]);
		expect(rows.map(([a]) => a)).toEqual([expect.closeTo(0.5, 6), expect.closeTo(0.6, 6)]);
	});

	it('mirrors each channel of a colour picture', async () => {
		const { member, batches } = createMember('colour', { ...INPUT, channels: 3 });
		await withMirrorImage('both', member, { temperature: 1 }).classify(
			Float32Array.from({ length: 12 }, (_, at) => at),
			1
		);
		expect([...(batches[1] ?? [])]).toEqual([3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8]);
	});

	it('applies the calibration of the averaged view', async () => {
		const { member } = createMember('grey', INPUT);
		const [, row] = await withMirrorImage('soft', member, { temperature: 0.5 }).classify(faces, 2);
		expect(row?.[0]).toBeCloseTo(0.36 / (0.36 + 0.16), 6);
		const biases = [0, Math.log(3)];
		const [, moved] = await withMirrorImage('moved', member, { temperature: 1, biases }).classify(faces, 2);
		expect(moved?.[0]).toBeCloseTo(0.6 / (0.6 + 3 * 0.4), 6);
	});
});
