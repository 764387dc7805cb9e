import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../../training/backend/index';
import { allocate, type Dataset } from '../../../../training/data/dataset';
import { withOneHead } from '../../../../training/loop/initial-weights';
import { crossEntropy, joinedLogits, targetsOf } from '../../../../training/loop/targets';
import { joinHeads } from '../../../../training/models/heads';
import { DEFAULT_RECIPE } from '../../../../training/models/recipe';

const LABELS = 7;
const RECIPE = { ...DEFAULT_RECIPE, labelSmoothing: 0.07, faceApi: { loss: 0.5, part: 0.25 } };

beforeAll(async () => {
	await startBackend('wasm');
});

function shared(values: readonly number[]): Float32Array<SharedArrayBuffer> {
	const array = new Float32Array(new SharedArrayBuffer(4 * values.length));
	array.set(values);
	return array;
}

const dataset: Dataset = {
	...allocate(2),
	faceApi: shared([0.1, 0.6, 0, 0, 0, 0, 0.3, 0, 0, 1, 0, 0, 0, 0])
};
dataset.labels.set([3, 1]);

describe('the targets of two heads', () => {
	it("are the labels for one, and face-api's answers times their factor for the other", async () => {
		const targets = targetsOf(Uint32Array.of(1, 0), dataset, RECIPE, LABELS, undefined);
		const [first = [], second = []] = await targets.array();
		const expected = (label: number, others: readonly number[]) => [
			...Array.from({ length: LABELS }, (_, index) => (index === label ? 0.94 : 0.01)),
			...others.map((value) => value / 2)
		];
		for (const [index, value] of expected(1, [0, 0, 1, 0, 0, 0, 0]).entries())
			expect(first[index]).toBeCloseTo(value, 6);
		for (const [index, value] of expected(3, [0.1, 0.6, 0, 0, 0, 0, 0.3]).entries())
			expect(second[index]).toBeCloseTo(value, 6);
	});

	it('give the sum of both cross-entropies, and of their gradients', async () => {
		const logits = tf.randomNormal<tf.Rank.R2>([3, 2 * LABELS], 0, 1, 'float32', 4);
		const targets = tf.softmax(tf.randomNormal<tf.Rank.R2>([3, 2 * LABELS], 0, 1, 'float32', 5));
		const [own, second] = [logits, targets].map((both) => tf.split(both, 2, 1)) as [tf.Tensor2D[], tf.Tensor2D[]];
		const alone = await tf
			.add(
				...([0, 1].map((head) => crossEntropy(own[head] as tf.Tensor2D, second[head] as tf.Tensor2D)) as [
					tf.Tensor,
					tf.Tensor
				])
			)
			.data();
		const together = await crossEntropy(logits, targets, LABELS).data();
		for (const [index, value] of alone.entries()) expect(together[index]).toBeCloseTo(value, 5);

		// For the cross-entropy of a softmax: its probabilities, times the sum of the target, minus the target.
		const gradient = await tf
			.grad((x) => crossEntropy(x as tf.Tensor2D, targets, LABELS))(logits)
			.array();
		for (const head of [0, 1]) {
			const [p, y] = [await tf.softmax(own[head] as tf.Tensor2D).array(), await second[head]?.array()];
			for (const [row, probabilities] of p.entries()) {
				const all = y?.[row]?.reduce((sum, value) => sum + value, 0) ?? NaN;
				for (const [label, probability] of probabilities.entries())
					expect((gradient as number[][])[row]?.[head * LABELS + label]).toBeCloseTo(
						all * probability - (y?.[row]?.[label] ?? NaN),
						5
					);
			}
		}
	});
});

describe('two heads of a network', () => {
	it('become one that combines both answers, the second with its share', async () => {
		const features = tf.randomNormal<tf.Rank.R2>([4, 5], 0, 1, 'float32', 1);
		const kernel = tf.randomNormal<tf.Rank.R2>([5, 2 * LABELS], 0, 1, 'float32', 2);
		const part = 0.25;
		const expected = await joinedLogits(tf.matMul(features, kernel), LABELS, RECIPE).data();
		const joined = tf.tensor2d(joinHeads(await kernel.data(), LABELS, part), [5, LABELS]);
		const actual = await tf.matMul(features, joined).data();
		for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, 5);
		// Softmax of a mean of logits: the geometric mean of both answers.
		const [one, other] = tf.split(tf.matMul(features, kernel), 2, 1).map((half) => tf.softmax(half as tf.Tensor2D));
		const mean = tf.mul(tf.pow(one as tf.Tensor, 1 - part), tf.pow(other as tf.Tensor, part));
		const shares = await tf.div(mean, tf.sum(mean, 1, true)).data();
		const probabilities = await tf.softmax(tf.tensor2d(expected, [4, LABELS])).data();
		for (const [index, value] of shares.entries()) expect(probabilities[index]).toBeCloseTo(value, 5);
	});

	it('are stored as one', () => {
		const values = Float32Array.from({ length: 5 * 2 * LABELS }, (_, index) => index);
		const state = new Map([['average/1:kernel', { shape: [5, 2 * LABELS], values }]]);
		expect(withOneHead(state, RECIPE).get('average/1:kernel')).toEqual({
			shape: [5, LABELS],
			values: joinHeads(values, LABELS, RECIPE.faceApi.part)
		});
	});
});
