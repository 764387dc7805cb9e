import { beforeAll, describe, expect, it } from 'vitest';
import { Network } from '../../../../src/lib/core/network/network';
import { sizeOf, type NetworkDescription, type Step, type Weight } from '../../../../src/lib/core/network/description';
import { startBackend } from '../../../../training/backend/index';
import { packNetwork, unpackNetwork } from '../../../../training/lib/graph-model';
import { createRandom } from '../../../../training/lib/random';
import { inNearestSteps } from '../nearest-steps';
import { observeInputs, roundKernels, upperFactor } from '../../../../training/ship/round-kernels';

beforeAll(async () => {
	await startBackend('wasm');
});

const random = createRandom(7);
/** Roughly normal. */
const draw = (): number => random() + random() + random() + random() - 2;

function weight(shape: readonly number[], scale: number): Weight {
	return { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => scale * draw()) };
}

const INPUT = [10, 10, 24] as const;

/** Pictures like a layer's: neighbours and channels are alike. */
function smoothPictures(count: number): Float32Array {
	const [height, width, channels] = INPUT;
	const pictures = new Float32Array(count * sizeOf(INPUT));
	for (let n = 0, at = 0; n < count; n++) {
		const [base, slope, tilt] = [draw(), draw() / height, draw() / width];
		for (let y = 0; y < height; y++)
			for (let x = 0; x < width; x++)
				for (let c = 0; c < channels; c++)
					pictures[at++] = 2 + base * (1 + c / channels) + slope * y + tilt * x + 0.1 * draw();
	}
	return pictures;
}

const convolution = (padding: 'same' | 'valid', stride: number): readonly Step[] => [
	{ op: 'conv', from: 0, kernel: 0, bias: 1, strides: [stride, stride], padding, relu: false }
];

async function outputs(network: NetworkDescription, pictures: Float32Array): Promise<Float32Array> {
	const runnable = new Network(network);
	const values = await runnable.predict(pictures, pictures.length / sizeOf(INPUT));
	runnable.dispose();
	return values;
}

function rootMeanSquare(a: Float32Array, b: Float32Array): number {
	return Math.sqrt(a.reduce((sum, value, index) => sum + (value - (b[index] ?? NaN)) ** 2, 0) / a.length);
}

describe('roundKernels', () => {
	it.each([
		{ name: 'a convolution with borders', steps: convolution('same', 1), shape: [3, 3, 24, 64] },
		{ name: 'a convolution in strides without borders', steps: convolution('valid', 2), shape: [3, 3, 24, 64] },
		{
			name: 'a dense layer',
			steps: [
				{ op: 'reshape', from: 0, shape: [sizeOf(INPUT)] },
				{ op: 'dense', from: 1, kernel: 0, bias: 1, relu: false }
			] satisfies Step[],
			shape: [sizeOf(INPUT), 8]
		}
	])(
		'changes the output of $name on new pictures less than half as much as nearest steps',
		async ({ steps, shape }) => {
			const network: NetworkDescription = {
				input: INPUT,
				steps,
				weights: [weight(shape, 0.05), weight(shape.slice(-1), 1)]
			};
			const rounded = roundKernels(network, await observeInputs(network, smoothPictures(200)), 0.5);
			const nearest = unpackNetwork(packNetwork(network, inNearestSteps(network, 0.5)));
			const pictures = smoothPictures(20);
			const wanted = await outputs(network, pictures);
			const [found, byNearest] = [await outputs(rounded.network, pictures), await outputs(nearest, pictures)];
			expect(rootMeanSquare(found, wanted)).toBeLessThan(0.5 * rootMeanSquare(byNearest, wanted));
		}
	);

	it('gives kernels that are stored as they are, and changes no small ones', async () => {
		const steps = [...convolution('same', 1), { ...convolution('same', 1)[0], from: 1, kernel: 2, bias: 3 } as Step];
		const weights = [weight([3, 3, 24, 64], 0.05), weight([64], 1), weight([3, 3, 64, 4], 0.05), weight([4], 1)];
		const network: NetworkDescription = { input: INPUT, steps, weights };
		const { network: rounded, stepped } = roundKernels(network, await observeInputs(network, smoothPictures(20)), 0.4);
		expect([...stepped.keys()]).toEqual([0]);
		expect(rounded.weights[2]).toEqual(weights[2]);
		expect(rounded.weights[3]).toEqual(weights[3]);
		const stored = unpackNetwork(packNetwork(rounded, stepped)).weights[0]?.values ?? [];
		expect(stored).toHaveLength(rounded.weights[0]?.values.length ?? NaN);
		for (const [index, value] of stored.entries()) expect(rounded.weights[0]?.values[index]).toBeCloseTo(value, 6);
	});

	it('bears inputs that are always zero', async () => {
		const network: NetworkDescription = {
			input: INPUT,
			steps: convolution('same', 1),
			weights: [weight([3, 3, 24, 64], 0.05), weight([64], 1)]
		};
		const observed = await observeInputs(network, new Float32Array(4 * sizeOf(INPUT)));
		const { levels } = roundKernels(network, observed, 0.3).stepped.get(0) ?? {};
		expect(levels).toEqual(inNearestSteps(network, 0.3).get(0)?.levels);
	});
});

describe('upperFactor', () => {
	it('is an upper triangle whose transpose times itself is the matrix, with a hundredth of the mean variance added', () => {
		const size = 3;
		const matrix = [4, 2, 0.5, 2, 5, 1, 0.5, 1, 3];
		const factor = upperFactor(Float64Array.from(matrix), size);
		const at = (row: number, column: number): number => (column < row ? 0 : (factor[row * size + column] ?? NaN));
		for (let i = 0; i < size; i++)
			for (let j = 0; j < size; j++) {
				const product = [0, 1, 2].reduce((sum, k) => sum + at(k, i) * at(k, j), 0);
				expect(product).toBeCloseTo((matrix[i * size + j] ?? NaN) + (i === j ? 0.04 : 0), 10);
			}
	});
});
