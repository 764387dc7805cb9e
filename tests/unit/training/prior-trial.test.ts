import { expect, it } from 'vitest';
import { tryPriors } from '../../../training/prior-trial';

/** Votes of FER+ for each row: the label that most give, and their part. */
function ferPlusOf(rows: readonly (readonly [label: number, share: number])[]) {
	const votes = new Float32Array(new SharedArrayBuffer(4 * rows.length * 7));
	for (const [row, [label, share]] of rows.entries()) {
		votes.fill((1 - share) / 6, row * 7, (row + 1) * 7);
		votes[row * 7 + label] = share;
	}
	return { votes, majority: Int8Array.from(rows, ([label, share]) => (share > 0.5 ? label : -1)) };
}

it('counts what neutral faces win and others lose, on plain faces by label', () => {
	// Ten plain neutral faces that are called sad by a little, ten plain happy ones, nine sad ones, and two that people differ about.
	const neutral = Array.from({ length: 10 }, () => [6, 0.9] as const);
	const happy = Array.from({ length: 10 }, () => [3, 0.8] as const);
	const sad = Array.from({ length: 9 }, () => [4, 1] as const);
	const rows = [...neutral, ...happy, ...sad, [4, 0.6] as const, [4, 0.4] as const];
	const labels = new Uint8Array(new SharedArrayBuffer(rows.length)).fill(4);
	labels.fill(3, 10, 20);
	const scoresOf = ([label]: readonly [number, number]) =>
		label === 3 ? [0, 0, 0, 0.9, 0, 0, 0.1] : label === 6 ? [0, 0, 0, 0, 0.6, 0, 0.4] : [0, 0, 0, 0, 0.7, 0, 0.3];
	const [asTrained, twice, often] = tryPriors(
		{ labels },
		ferPlusOf(rows),
		Uint32Array.from(rows.keys()),
		rows.map(scoresOf),
		[1, 2, 10]
	);
	expect(asTrained).toMatchObject({ factor: 1, accuracy: 1, agreement: 20 / 30, plainMean: 0.5 });
	expect(twice).toMatchObject({ factor: 2, accuracy: 21 / 31, agreement: 1, plainMean: 1 });
	// Nine plain sad faces are too few to be counted, but for agreement they are.
	expect(twice?.plainRecall).toEqual([undefined, undefined, undefined, 1, undefined, undefined, 1]);
	expect(often).toMatchObject({ accuracy: 0, agreement: 10 / 30, plainMean: 0.5 });
});
