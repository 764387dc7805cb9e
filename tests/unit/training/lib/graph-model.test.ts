/** Networks as files: written, read back, and rejected if damaged. For tfjs's own loader, see core/network. */
import { Float16Array } from '@petamoriken/float16';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { sizeOf, type NetworkDescription, type Weight } from '../../../../src/lib/core/network/description';
import { asGraphModel, readGraphModel, type GraphModel } from '../../../../src/lib/core/network/graph-model';
import { packNetwork, unpackNetwork } from '../../../../training/lib/graph-model';
import { modelFiles, readModel, writeModel } from '../../../../training/lib/model-files';
import { inNearestSteps } from '../nearest-steps';
import { temporaryFolder } from '../temporary-folder';

const dir = path.join(temporaryFolder(), 'small');

function wave(shape: readonly number[], scale: number): Weight {
	return { shape, values: Float32Array.from({ length: sizeOf(shape) }, (_, index) => scale * Math.sin(1.7 * index)) };
}

const LARGE: NetworkDescription = {
	input: [5, 5, 32],
	steps: [
		{ op: 'conv', from: 0, kernel: 0, bias: 1, strides: [1, 1], padding: 'same', relu: true },
		{ op: 'depthwise', from: 1, kernel: 2, bias: 3, strides: [2, 2], padding: 'valid', relu: false }
	],
	weights: [wave([3, 3, 32, 64], 0.1), wave([64], 1), wave([3, 3, 64, 1], 3), wave([64], 1)]
};

describe('packNetwork', () => {
	it('keeps weights to half a quantisation step per channel, and the rest in half precision', () => {
		const { input, steps, weights } = unpackNetwork(packNetwork(LARGE, inNearestSteps(LARGE, 0.3)));
		expect({ input, steps }).toEqual({ input: LARGE.input, steps: LARGE.steps });
		expect(weights.map(({ shape }) => shape)).toEqual(LARGE.weights.map(({ shape }) => shape));
		const halves = (place: number): number[] => Array.from(new Float16Array(LARGE.weights[place]?.values ?? []));
		for (const place of [1, 2, 3]) expect(Array.from(weights[place]?.values ?? [])).toEqual(halves(place));
		const [wanted, found] = [LARGE.weights[0]?.values ?? [], weights[0]?.values ?? []];
		// A sine's root mean square is its height divided by the root of two; steps are 0.3 of it.
		const step = 0.3 * 0.1 * Math.SQRT1_2;
		const greatest = Math.max(...Array.from(wanted, (value, index) => Math.abs(value - (found[index] ?? NaN))));
		expect(greatest).toBeGreaterThan(0.4 * step);
		expect(greatest).toBeLessThan(0.55 * step);
	});

	it('handles channels of zeros or tiny weights, and with one weight far from the others', () => {
		const values = new Float32Array(20_000);
		for (let i = 0; i < values.length; i += 4) values.set([0, 1e-9, 1e-3, 0.5], i);
		values[2] = 100;
		const network: NetworkDescription = {
			input: [1, 1, 5000],
			steps: [
				{ op: 'mean', from: 0 },
				{ op: 'dense', from: 1, kernel: 0, bias: 1, relu: false }
			],
			weights: [{ shape: [5000, 4], values }, wave([4], 0)]
		};
		const found =
			unpackNetwork(packNetwork(network, inNearestSteps(network, 0.3))).weights[0]?.values ?? new Float32Array();
		expect(found.every(Number.isFinite)).toBe(true);
		expect(Array.from(found.subarray(4, 6))).toEqual([0, 0]);
		expect(found[2]).toBeCloseTo(100, 1);
		expect(found[7]).toBeCloseTo(0.5, 1);
	});

	it('rejects steps that do not fit each other', () => {
		expect(() => packNetwork({ ...LARGE, input: [5, 5, 3] })).toThrow('A kernel for 32 channels meets 3.');
	});
});

describe('writeModel', () => {
	it('puts hashes into both names, replacing earlier files, and readModel rejects damaged ones', () => {
		writeModel(dir, packNetwork(LARGE));
		const files = writeModel(dir, packNetwork(LARGE, inNearestSteps(LARGE, 0.3)));
		const names = [files.url, ...files.weightsUrls].map((url) => path.basename(url));
		expect(readdirSync(dir).toSorted()).toEqual(names);
		expect(names).toEqual([
			`model-${files.sha256.slice(0, 12)}.json`,
			`weights-${files.weightsSha256.slice(0, 12)}.bin`
		]);
		expect(modelFiles(dir)).toEqual(files);
		expect(readModel(dir).steps).toEqual(LARGE.steps);
		const weights = path.join(dir, names[1] ?? '');
		const bytes = readFileSync(weights);
		writeFileSync(weights, bytes.subarray(0, -1));
		expect(() => readModel(dir)).toThrow(/missing or damaged.*Export it again/);
		rmSync(weights);
		expect(() => readModel(dir)).toThrow(/could not be read.*Export it again/);
	});
});

describe('readGraphModel', () => {
	const packed = packNetwork(LARGE, inNearestSteps(LARGE, 0.3));
	const model: GraphModel = {
		format: 'graph-model',
		modelTopology: { node: packed.nodes },
		weightsManifest: [{ paths: ['weights.bin'], weights: packed.specs }]
	};
	const withNode = (index: number, change: object): GraphModel => ({
		...model,
		modelTopology: { node: packed.nodes.map((node, at) => (at === index ? { ...node, ...change } : node)) }
	});
	const convolution = packed.nodes.findIndex(({ op }) => op === '_FusedConv2D');

	it('reads weights from the middle of a larger buffer', () => {
		const larger = new Uint8Array(packed.weights.length + 3);
		larger.set(packed.weights, 3);
		expect(readGraphModel(model, larger.subarray(3))).toEqual(unpackNetwork(packed));
	});

	it('rejects weights that are truncated or too long', () => {
		const { length } = packed.weights;
		expect(() => readGraphModel(model, packed.weights.subarray(1))).toThrow(`There are ${String(length - 1)} bytes`);
		expect(() => readGraphModel(model, new Uint8Array(length + 1))).toThrow(`asks for ${String(length)}`);
	});

	it('rejects what is not a graph model, and nodes without a matching step', () => {
		for (const json of [null, {}, { format: 'layers-model', weightsManifest: [{}] }])
			expect(() => asGraphModel(json)).toThrow('not a tfjs graph model');
		const read = (changed: GraphModel) => (): unknown => readGraphModel(changed, packed.weights);
		expect(read(withNode(convolution, { op: 'Einsum' }))).toThrow('No step stands for "conv_1" (Einsum).');
		expect(read(withNode(convolution, { input: ['conv_9', '', ''] }))).toThrow('"conv_9" is read before');
		expect(read(withNode(convolution, { input: ['input', 'input', ''] }))).toThrow('"input" should be a constant.');
		expect(read(withNode(convolution, { attr: {} }))).toThrow('does something other than add a bias');
		expect(read(withNode(0, { attr: {} }))).toThrow('something other than pictures');
	});
});
