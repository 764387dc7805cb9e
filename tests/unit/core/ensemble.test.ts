import { describe, expect, it } from 'vitest';
import { createEnsemble, meanScores, mirrorBatch } from '../../../src/lib/core/ensemble';
import type { Classifier, InputSpec } from '../../../src/lib/core/types';

const INPUT: InputSpec = { size: 2, channels: 1, range: [-1, 1], crop: { scale: 1, shift: [0, 0], align: false } };

/** Says "a" with the mean of the left half of each picture, mapped from the input's range to 0..1. */
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

describe('meanScores', () => {
	it('takes the mean label by label', () => {
		expect(
			meanScores([
				[0.2, 0.8],
				[0.6, 0.4]
			])
		).toEqual([0.4, 0.6000000000000001]);
	});

	it('refuses to answer without a row', () => {
		expect(() => meanScores([])).toThrow(RangeError);
	});
});

describe('mirrorBatch', () => {
	it('turns every line of every picture around and keeps channels together', () => {
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

describe('createEnsemble', () => {
	const spec = { id: 'both', mirrored: false, temperature: 1 };
	/** Two faces of 2 x 2 grey values: left halves 0 and 255. */
	const faces = Float32Array.from([0, 255, 0, 255, 255, 51, 255, 51]);

	it('shows each member what it was trained on, and gives the mean', async () => {
		const gray = createMember('gray', INPUT);
		const colour = createMember('colour', { ...INPUT, channels: 3, range: [0, 1] });
		const ensemble = createEnsemble(spec, [gray.member, colour.member]);
		expect(ensemble.input).toEqual({ ...INPUT, range: [0, 255], leastContrast: undefined });
		const rows = await ensemble.classify(faces, 2);
		expect(gray.batches[0]?.[0]).toBe(-1);
		expect([...(colour.batches[0]?.slice(0, 6) ?? [])]).toEqual([0, 0, 0, 1, 1, 1]);
		expect(rows.map(([a]) => a)).toEqual([expect.closeTo(0, 6), expect.closeTo(1, 6)]);
	});

	it('shows each member the mirror image too where asked', async () => {
		const { member, batches } = createMember('gray', INPUT);
		const rows = await createEnsemble({ ...spec, mirrored: true }, [member]).classify(faces, 2);
		expect(batches).toHaveLength(2);
		expect(rows.map(([a]) => a)).toEqual([expect.closeTo(0.5, 6), expect.closeTo(0.6, 6)]);
	});

	it('applies its own calibration to the mean', async () => {
		const { member } = createMember('gray', INPUT);
		const [, row] = await createEnsemble({ id: 'soft', mirrored: true, temperature: 0.5 }, [member]).classify(faces, 2);
		expect(row?.[0]).toBeCloseTo(0.36 / (0.36 + 0.16), 6);
		const biases = [0, Math.log(3)];
		const [, moved] = await createEnsemble({ ...spec, mirrored: true, biases }, [member]).classify(faces, 2);
		expect(moved?.[0]).toBeCloseTo(0.6 / (0.6 + 3 * 0.4), 6);
	});

	it('refuses members that cannot share a batch', () => {
		const { member } = createMember('gray', INPUT);
		const others = [
			createMember('labels', INPUT, ['b', 'a']),
			createMember('size', { ...INPUT, size: 3 }),
			createMember('crop', { ...INPUT, crop: { ...INPUT.crop, scale: 2 } }),
			createMember('contrast', { ...INPUT, leastContrast: 40 })
		];
		for (const other of others) expect(() => createEnsemble(spec, [member, other.member])).toThrow(other.member.id);
		expect(() => createEnsemble(spec, [])).toThrow(RangeError);
	});
});
