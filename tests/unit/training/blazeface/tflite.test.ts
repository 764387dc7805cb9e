import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DETECTORS, tfliteFile } from '../../../../training/blazeface/detector';
import { readTflite } from '../../../../training/blazeface/tflite';

const SHORT_FILE = tfliteFile(DETECTORS.short);
const PACKAGE = path.dirname(SHORT_FILE);

describe('readTflite', () => {
	it('reads the network of the short-range BlazeFace', () => {
		const { tensors, operators, inputs, outputs } = readTflite(readFileSync(SHORT_FILE));
		expect(inputs.map((index) => tensors[index]?.shape)).toEqual([[1, 128, 128, 3]]);
		expect(outputs.map((index) => tensors[index]?.name)).toEqual(['regressors', 'classificators']);
		const [first] = operators.filter(({ op }) => op === 'CONV_2D');
		expect(first).toMatchObject({ padding: 'SAME', strides: [2, 2], dilations: [1, 1], activation: 'none' });
		const count = (name: string): number => operators.filter(({ op }) => op === name).length;
		expect(count('CONV_2D')).toBe(21);
		expect(count('DEPTHWISE_CONV_2D')).toBe(16);
		const pool = operators.find(({ op }) => op === 'MAX_POOL_2D');
		expect(pool).toMatchObject({ padding: 'SAME', strides: [2, 2], filter: [2, 2] });
	});

	it('gives the bytes of half-precision constants, and none for computed tensors', () => {
		const { tensors, operators, outputs } = readTflite(readFileSync(SHORT_FILE));
		const constant = tensors[operators.find(({ op }) => op === 'DEQUANTIZE')?.inputs[0] ?? -1];
		expect(constant?.type).toBe('float16');
		expect(constant?.data).toHaveLength(2 * (constant?.shape.reduce((product, size) => product * size, 1) ?? NaN));
		expect(tensors[outputs[0] ?? -1]?.data).toBeNull();
	});

	it('names an unsupported operator', () => {
		const file = readFileSync(path.join(PACKAGE, 'face_detection_full_range_sparse.tflite'));
		expect(() => readTflite(file)).toThrow('The operator DENSIFY (builtin 124) is not supported.');
	});

	it('refuses a file of another kind', () => {
		expect(() => readTflite(readFileSync(path.join(PACKAGE, 'package.json')))).toThrow('not a .tflite file');
		expect(() => readTflite(new Uint8Array(0))).toThrow('not a .tflite file');
	});
});
