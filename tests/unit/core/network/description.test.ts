import { describe, expect, it } from 'vitest';
import { outputShapeOf, sizeOf, type Step } from '../../../../src/lib/core/network/description';

describe('outputShapeOf', () => {
	const after = (step: Step, shapes: readonly (readonly number[])[] = []): readonly number[] =>
		outputShapeOf({
			input: [7, 5, 2],
			steps: [step],
			weights: shapes.map((shape) => ({ shape, values: new Float32Array(sizeOf(shape)) }))
		});

	it('predicts the shapes of odd sides', () => {
		const strided = { op: 'conv', from: 0, kernel: 0, bias: 1, strides: [2, 2], relu: false } as const;
		expect(after({ ...strided, padding: 'same' }, [[3, 3, 2, 8], [8]])).toEqual([4, 3, 8]);
		expect(after({ ...strided, padding: 'valid' }, [[3, 3, 2, 8], [8]])).toEqual([3, 2, 8]);
	});

	it.each<[string, Step, (readonly number[])[]]>([
		['A step reads value 4', { op: 'relu', from: 4 }, []],
		['A step reads weight 0', { op: 'dense', from: 0, kernel: 0, bias: 1, relu: true }, []],
		['A kernel for 9 features meets [7,5,2].', { op: 'dense', from: 0, kernel: 0, bias: 1, relu: true }, [[9, 3], [3]]],
		['[7,5,2] cannot become [71].', { op: 'reshape', from: 0, shape: [71] }, []],
		[
			'A bias does not fit 8 filters.',
			{ op: 'conv', from: 0, kernel: 0, bias: 1, strides: [1, 1], padding: 'same', relu: false },
			[[3, 3, 2, 8], [7]]
		]
	])('throws "%s"', (message, step, shapes) => {
		expect(() => after(step, shapes)).toThrow(message);
	});
});
