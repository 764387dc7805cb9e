/** A map of what the network looks at is more faithful than noise, and noise scores zero. */
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { FER2013_CROP } from '../../../../src/lib/core/crop';
import {
	areaUnder,
	compareMaps,
	meanGray,
	measureFidelity,
	rankPixels,
	stepsBetween,
	type Classify,
	type MapMethod
} from '../../../../training/studies/fidelity';
import { createRandom } from '../../../../training/lib/random';
import { gradCam, mapMethods } from '../../../../training/studies/saliency-maps';

const SIZE = 48;
const INPUT = { size: SIZE, channels: 1, range: [0, 1], crop: FER2013_CROP } as const;
/** Bright in a corner, dark elsewhere, and a network that looks only at that corner. */
const isCorner = (pixel: number): boolean => pixel % SIZE < 12 && Math.floor(pixel / SIZE) < 12;
const FACE = Uint8Array.from({ length: SIZE * SIZE }, (_, pixel) => (isCorner(pixel) ? 250 : 20));
const classify: Classify = (faces) =>
	Promise.resolve(
		faces.map((face) => {
			const bright = face.reduce((sum, luma, pixel) => sum + (isCorner(pixel) ? luma : 0), 0) / (144 * 255);
			return [1 - bright, bright];
		})
	);
const subject = () => ({ face: FACE, size: SIZE, label: 1, score: 250 / 255, random: createRandom(1) });

it('fidelity ranks by salience, and ties by chance', () => {
	const map = Float32Array.of(0.1, 0.9, -1, 0.5);
	expect([...rankPixels(map, createRandom(1))]).toEqual([1, 3, 0, 2]);
	const flat = new Float32Array(100);
	expect([...rankPixels(flat, createRandom(1))]).not.toEqual([...rankPixels(flat, createRandom(2))]);
	expect([...rankPixels(flat, createRandom(1)).sort()]).toEqual([...flat.keys()]);
});

it('fidelity goes from one picture to another in equal steps', () => {
	const pictures = stepsBetween(Uint8Array.of(1, 1, 1, 1), Uint8Array.of(9, 9, 9, 9), Uint32Array.of(2, 0, 3, 1), 2);
	expect(pictures.map((picture) => [...picture])).toEqual([
		[1, 1, 1, 1],
		[9, 1, 9, 1],
		[9, 9, 9, 9]
	]);
});

it('fidelity takes the area under a curve', () => {
	expect(areaUnder([1, 1, 1])).toBe(1);
	expect(areaUnder([1, 0])).toBe(0.5);
	expect(areaUnder([0, 1, 0])).toBe(0.5);
});

it('fidelity uses a face of one grey as the mean', () => {
	expect([...meanGray(Uint8Array.of(0, 10, 20))]).toEqual([10, 10, 10]);
});

it('fidelity tells a right map from a wrong one', async () => {
	const right = Float32Array.from(FACE, (_, pixel) => (isCorner(pixel) ? 1 : 0));
	const good = await measureFidelity(subject(), right, 16, classify);
	const bad = await measureFidelity(
		subject(),
		right.map((value) => -value),
		16,
		classify
	);
	expect(good.overall).toBeGreaterThan(0.5);
	expect(bad.overall).toBeLessThan(-0.5);
	expect(good.deletion.gray).toBeLessThan(bad.deletion.gray);
	expect(good.insertion.blur).toBeGreaterThan(bad.insertion.blur);
});

it('fidelity compares all maps on the same faces, repeatably, and finds the page’s better than noise', async () => {
	const network = tf.sequential({
		layers: [
			tf.layers.conv2d({ inputShape: [SIZE, SIZE, 1], filters: 2, kernelSize: 3, strides: 2, padding: 'same' }),
			tf.layers.globalAveragePooling2d({}),
			tf.layers.dense({ units: 2, activation: 'softmax' })
		]
	});
	const wanted = ['the page', '7x7 patches of 12 px within, gray, shared', 'RISE, 49 masks, gray', 'noise'];
	const methods = mapMethods(network, INPUT).filter(({ title }) => wanted.includes(title));
	expect(methods.map(({ title }) => title)).toEqual(wanted);
	const first = await compareMaps(methods, [FACE], SIZE, 8, classify);
	expect(await compareMaps(methods, [FACE], SIZE, 8, classify)).toEqual(first);
	const [page = 0, shared = 0, rise = 0, noise = 1] = first.map(([fidelity]) => fidelity?.overall ?? NaN);
	expect(Math.abs(noise)).toBeLessThan(0.1);
	for (const each of [page, shared, rise]) expect(each).toBeGreaterThan(noise + 0.3);
	network.dispose();
});

it('fidelity counts the real passes of every map', async () => {
	const network = tf.sequential({
		layers: [tf.layers.flatten({ inputShape: [SIZE, SIZE, 1] }), tf.layers.dense({ units: 2, activation: 'softmax' })]
	});
	for (const method of mapMethods(network, INPUT)) {
		let count = 0;
		await method.map(subject(), (faces) => {
			count += faces.length;
			return classify(faces);
		});
		// The page's function computes the label itself, a pass that the subject has already cost.
		expect([0, 1], method.title).toContain(count - method.passes);
	}
	network.dispose();
});

it('Grad-CAM finds what a network looks at, and leaks no tensor', async () => {
	// One channel that is bright where the picture is, and "bright" takes its mean.
	const network = tf.sequential({
		layers: [
			tf.layers.averagePooling2d({ inputShape: [SIZE, SIZE, 1], poolSize: 8 }),
			tf.layers.globalAveragePooling2d({}),
			tf.layers.dense({ units: 2, activation: 'softmax' })
		]
	});
	network.layers[2]?.setWeights([tf.tensor2d([[-4, 4]]), tf.tensor1d([0, 0])]);
	const method: MapMethod = gradCam(network, INPUT, 6);
	const before = tf.memory().numTensors;
	const map = await method.map(subject(), classify);
	expect(tf.memory().numTensors).toBe(before);
	const greatest = map.indexOf(Math.max(...map));
	expect(isCorner(greatest)).toBe(true);
	expect(() => gradCam(network, INPUT, 5)).toThrow(RangeError);
	network.dispose();
});
