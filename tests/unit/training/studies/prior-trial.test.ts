import { expect, it } from 'vitest';
import { crossCalibrate, tryPrior } from '../../../../training/studies/prior-trial';

const [HAPPY, SAD, NEUTRAL] = [3, 4, 6];

it('a prior trial counts what one label wins and others lose, by label where FER2013 and people agree', () => {
	// Ten neutral faces narrowly called sad, ten happy ones, nine sad ones, one that FER2013 calls sad and people
	// neutral, and one that people disagree about.
	const faces = [
		...Array.from({ length: 10 }, () => ({ label: NEUTRAL, people: NEUTRAL, scores: { [SAD]: 0.6, [NEUTRAL]: 0.4 } })),
		...Array.from({ length: 10 }, () => ({ label: HAPPY, people: HAPPY, scores: { [HAPPY]: 0.9, [NEUTRAL]: 0.1 } })),
		...Array.from({ length: 9 }, () => ({ label: SAD, people: SAD, scores: { [SAD]: 0.7, [NEUTRAL]: 0.3 } })),
		{ label: SAD, people: NEUTRAL, scores: { [SAD]: 0.7, [NEUTRAL]: 0.3 } },
		{ label: SAD, people: -1, scores: { [SAD]: 0.7, [NEUTRAL]: 0.3 } }
	];
	const labels = new Uint8Array(new SharedArrayBuffer(faces.length));
	labels.set(faces.map(({ label }) => label));
	const majority = Int8Array.from(faces, ({ people }) => people);
	const rows = Uint32Array.from(faces.keys());
	const scores = faces.map((face) => Array.from({ length: 7 }, (_, label) => face.scores[label] ?? 0));
	const tryNeutral = (factor: number) => tryPrior({ labels }, { majority }, rows, scores, [1, 1, 1, 1, 1, 1, factor]);

	const asIs = tryNeutral(1);
	expect(asIs).toMatchObject({ accuracy: 21 / 31, agreement: 19 / 30 });
	expect(asIs.crossEntropy).toBeCloseTo(-(10 * Math.log(0.4 * 0.9) + 11 * Math.log(0.7)) / 31, 9);
	const twice = tryNeutral(2);
	expect(twice).toMatchObject({ accuracy: 1, agreement: 29 / 30, clearRecall: [0, 0, 0, 1, 1, 0, 1] });
	expect(twice.clearMean).toBeCloseTo(3 / 7, 9);
	expect(tryNeutral(10)).toMatchObject({ accuracy: 10 / 31, agreement: 11 / 30, clearRecall: [0, 0, 0, 0, 0, 0, 1] });
});

it('a prior trial calibrates no row by its own label', () => {
	// Each fifth row has a label that never occurs in the others: a fit that includes it would expect it.
	const rows = Array.from({ length: 50 }, (_, row) => row);
	const scores = rows.map(() => [0.5, 0.5]);
	const calibrated = crossCalibrate(
		scores,
		rows.map((row) => (row % 5 === 0 ? 1 : 0))
	);
	for (const row of rows.filter((each) => each % 5 === 0)) expect(calibrated[row]?.[1]).toBeLessThan(0.01);
	// The others see ten in forty.
	for (const row of rows.filter((each) => each % 5 > 0)) expect(calibrated[row]?.[1]).toBeCloseTo(0.25, 3);
});
