import { describe, expect, it } from 'vitest';
import { calibrate } from '../../../src/lib/core/calibration';

function softmax(logits: readonly number[], temperature: number): number[] {
	const powers = logits.map((logit) => Math.exp(logit / temperature));
	const sum = powers.reduce((a, b) => a + b, 0);
	return powers.map((power) => power / sum);
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
	expect(actual).toHaveLength(expected.length);
	expected.forEach((value, i) => {
		expect(actual[i]).toBeCloseTo(value, 10);
	});
}

describe('calibrate', () => {
	const logits = [2.1, -0.4, 0.3, -3, 1.9];

	it.each([0.25, 0.8, 1, 1.7, 5])('equals a softmax of the logits divided by %d', (temperature) => {
		expectClose(calibrate(softmax(logits, 1), { temperature }), softmax(logits, temperature));
	});

	it('changes nothing at 1', () => {
		expect(calibrate([0.5, 0.25, 0.25], { temperature: 1 })).toEqual([0.5, 0.25, 0.25]);
	});

	it('keeps zeros harmless', () => {
		expectClose(calibrate([1, 0, 0], { temperature: 2 }), [1, 0, 0]);
		expectClose(calibrate([0, 0, 0, 0], { temperature: 1.5 }), [0.25, 0.25, 0.25, 0.25]);
	});

	it('stays finite at extreme temperatures', () => {
		expectClose(calibrate([0.7, 0.2, 0.1], { temperature: 1e-3 }), [1, 0, 0]);
		expect(calibrate([0.9, 0.1], { temperature: 1e6 })[0]).toBeCloseTo(0.5, 4);
	});

	it('adds biases after the temperature', () => {
		const biases = [0.5, -1, 0, 2, 0];
		const logit = (label: number) => (logits[label] ?? NaN) / 2 + (biases[label] ?? NaN);
		const expected = softmax([...logits.keys()].map(logit), 1);
		expectClose(calibrate(softmax(logits, 1), { temperature: 2, biases }), expected);
	});
});
