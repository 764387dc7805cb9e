import { Float16Array } from '@petamoriken/float16';
import { describe, expect, it } from 'vitest';
import {
	outputShapeOf,
	readNetwork,
	writeNetwork,
	type NetworkDescription,
	type Step
} from '../../../../src/lib/core/network/format';

const DESCRIPTION: NetworkDescription = {
	input: [2, 2, 1],
	steps: [{ op: 'relu', from: 0 }],
	weights: [
		{ shape: [3], type: 'float32' },
		{ shape: [6], type: 'float16' },
		{ shape: [2, 3], type: 'int8' },
		{ shape: [1, 2, 2, 1], type: 'int8' }
	]
};
const HALVES = [0.5, -2.25, 65504, 2 ** -24, -(2 ** -14), 0];

function bytesOf(...parts: readonly (Float32Array | Float16Array | Int8Array)[]): Uint8Array {
	const views = parts.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
	return Uint8Array.from(views.flatMap((view) => Array.from(view)));
}

const DATA = [
	bytesOf(new Float32Array([1.5, -3, 1e-9])),
	bytesOf(new Float16Array(HALVES)),
	bytesOf(new Float32Array([0.5, 2, 1]), new Int8Array([1, -2, 3, -128, 127, 0])),
	bytesOf(new Float32Array([0.25, 4]), new Int8Array([4, 1, -8, 2]))
];

describe('network files', () => {
	it('give back numbers of every type, steps by the channel that they belong to', () => {
		const { description, values } = readNetwork(writeNetwork(DESCRIPTION, DATA));
		expect(description).toEqual(DESCRIPTION);
		expect(values.map((each) => Array.from(each))).toEqual([
			[1.5, -3, Math.fround(1e-9)],
			HALVES,
			[0.5, -4, 3, -64, 254, 0],
			[1, 4, -2, 8]
		]);
	});

	it('are read from the middle of a larger buffer', () => {
		const file = writeNetwork(DESCRIPTION, DATA);
		const larger = new Uint8Array(file.length + 3);
		larger.set(file, 3);
		expect(readNetwork(larger.subarray(3)).values).toEqual(readNetwork(file).values);
		expect(readNetwork(Buffer.from(larger.buffer, 3)).values).toEqual(readNetwork(file).values);
	});

	it('are refused where they are cut off, too long, or something else', () => {
		const file = writeNetwork(DESCRIPTION, DATA);
		expect(() => readNetwork(file.subarray(0, 40))).toThrow('cut off');
		expect(() => readNetwork(file.subarray(0, -1))).toThrow(`has ${String(file.length - 1)} bytes`);
		expect(() => readNetwork(Uint8Array.from([...file, 0]))).toThrow(`asks for ${String(file.length)}`);
		expect(() => readNetwork(new Uint8Array(100))).toThrow('no network file');
		expect(() => readNetwork(new Uint8Array())).toThrow('no network file');
	});

	it('are not written with weights that do not fit', () => {
		expect(() => writeNetwork(DESCRIPTION, DATA.slice(0, 3))).toThrow('Weight 3 has 0 bytes, not 12.');
	});
});

describe('outputShapeOf', () => {
	const after = (step: Step, shapes: readonly (readonly number[])[] = []): readonly number[] =>
		outputShapeOf({
			input: [7, 5, 2],
			steps: [step],
			weights: shapes.map((shape) => ({ shape, type: 'float32' as const }))
		});

	it('foretells odd sides', () => {
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
	])('says "%s"', (message, step, shapes) => {
		expect(() => after(step, shapes)).toThrow(message);
	});
});
