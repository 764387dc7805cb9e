import { expect, it } from 'vitest';
import { meanRecallOf, recallsOf, scoreAll, type ScoreAnswers } from '../../../../training/evaluate/score';

const [ANGRY, DISGUST, HAPPY] = [0, 1, 3];
const said = (truth: number, answers: readonly number[]) => answers.map((answer) => ({ truth, said: answer }));
const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value);

/** On PublicTest, of ten angry and two disgusted faces, `right` angry ones and one disgusted one are recognised. */
function answersOf(right: number): ScoreAnswers {
	const angry = said(ANGRY, [...times(right, ANGRY), ...times(10 - right, DISGUST)]);
	return {
		public: [
			...angry.map((answer, place) => ({ ...answer, clear: place < 4 })),
			...said(DISGUST, [DISGUST, ANGRY]).map((answer) => ({ ...answer, clear: false }))
		],
		corrupted: [angry, said(HAPPY, [HAPPY, HAPPY, HAPPY, ANGRY])],
		faces: [said(HAPPY, times(6, HAPPY)), said(DISGUST, [ANGRY, DISGUST]), said(DISGUST, [ANGRY, ANGRY])]
	};
}

it('the mean recall counts each label alike, and leaves out labels without pictures', () => {
	const answers = [...said(ANGRY, [ANGRY, ANGRY, ANGRY, HAPPY]), ...said(HAPPY, [ANGRY])];
	expect(recallsOf(answers)).toEqual([0.75, undefined, undefined, 0]);
	expect(meanRecallOf(answers)).toBe(0.375);
});

it('the score is the mean of its five figures', () => {
	const [result] = scoreAll([answersOf(8)]);
	expect(result).toMatchObject({
		accuracy: 9 / 12,
		meanRecall: (0.8 + 0.5) / 2,
		facesMeanRecall: (1 + 0.25) / 2,
		clearMeanRecall: 1,
		corrupted: (0.8 + 0.75) / 2
	});
	expect(result?.score).toBeCloseTo((0.75 + 0.65 + 0.625 + 1 + 0.775) / 5, 12);
	expect(result?.gain).toEqual({ mean: 0, low: 0, high: 0 });
});

it('the score compares networks with the first on the same draws, so that shared errors are not chance', () => {
	const [, same, better] = scoreAll([answersOf(6), answersOf(6), answersOf(10)]);
	expect(same?.gain).toEqual({ mean: 0, low: 0, high: 0 });
	expect(same?.chance).toBe(1);
	// Only it is right on four pictures: one chance in eight, and two networks are tried.
	expect(better?.chance).toBeCloseTo(2 / 8, 12);
	// Accuracy by 4 of 12, mean recall by half of 4 of 10, one of two corruptions by 4 of 10; the others stay the same.
	expect(better?.gain.mean).toBeCloseTo((4 / 12 + 0.2 + 0.2) / 5, 12);
	expect(better?.gain.low).toBeGreaterThan(0);
	expect(better?.gain.high).toBeGreaterThan(better?.gain.mean ?? NaN);
});

it('the score draws people, not their pictures, for the other faces', () => {
	// A single person, however many pictures: nothing varies but PublicTest, which is all right here.
	const all = (n: number) => said(ANGRY, times(n, ANGRY));
	const [result] = scoreAll([
		{
			public: all(5).map((answer) => ({ ...answer, clear: true })),
			corrupted: [all(5)],
			faces: [said(HAPPY, [HAPPY, ANGRY, ANGRY, HAPPY])]
		}
	]);
	expect(result?.interval).toEqual({ low: result?.score, high: result?.score });
});
