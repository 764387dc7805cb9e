/**
 * How faithful a saliency map is to the network it explains: deletion and insertion (Petsiuk et al., "RISE", 2018). The
 * most salient pixels are removed from the picture first, or put into an empty one first; a faithful map makes the
 * label's probability fall early, or rise early. Much depends on what "empty" is, so there are two: the face's mean
 * grey, and the face blurred until no feature is left.
 */
import { blurFace } from '../../src/lib/core/saliency';
import type { Scores } from '../../src/lib/core/types';
import { createRandom, type Random } from '../lib/random';

/** Probabilities of faces, luma of 0..255, [size, size] each. */
export type Classify = (faces: readonly Uint8Array[]) => Promise<Scores[]>;

/** What a map is made from. */
export interface Subject {
	/** Luma of 0..255, [size, size]. */
	readonly face: Uint8Array;
	readonly size: number;
	/** Index of the label that is explained, the most likely one, and its probability. */
	readonly label: number;
	readonly score: number;
	/** For this subject only, the same in each run. */
	readonly random: Random;
}

export interface MapMethod {
	readonly title: string;
	/** Work besides the classification that gives the label, in forward passes; a backward pass counts as two. */
	readonly passes: number;
	/** [size, size]; more is more salient, the scale is free. */
	map(subject: Subject, classify: Classify): Promise<Float32Array>;
}

/** A face's mean luma everywhere, as `Occlusion.fill` wants it. */
export function meanGray(face: Uint8Array): Uint8Array {
	return new Uint8Array(face.length).fill(Math.round(face.reduce((sum, luma) => sum + luma, 0) / face.length));
}

const EMPTY = { gray: meanGray, blur: blurFace };
type Empty = keyof typeof EMPTY;

/** Areas under the curves of one face and map, as mean probabilities of the label, 0..1. */
export interface Fidelity {
	/** The lower, the more faithful. */
	readonly deletion: Readonly<Record<Empty, number>>;
	/** The higher, the more faithful. */
	readonly insertion: Readonly<Record<Empty, number>>;
	/** Insertion less deletion, mean of both kinds of empty: 0 for a map of noise. */
	readonly overall: number;
}

/** Pixels from the most to the least salient; ties in random order, so that position gives no advantage. */
export function rankPixels(map: Float32Array, random: Random): Uint32Array {
	const tie = Float32Array.from(map, () => random());
	return Uint32Array.from(map.keys()).sort((a, b) => (map[b] ?? 0) - (map[a] ?? 0) || (tie[a] ?? 0) - (tie[b] ?? 0));
}

/** `steps` + 1 pictures on the way from one to another, the pixels changed in `order` in equal parts. */
export function stepsBetween(from: Uint8Array, to: Uint8Array, order: Uint32Array, steps: number): Uint8Array[] {
	return Array.from({ length: steps + 1 }, (_, step) => {
		const picture = from.slice();
		for (const pixel of order.subarray(0, Math.round((step * order.length) / steps))) picture[pixel] = to[pixel] ?? 0;
		return picture;
	});
}

/** Mean height of a curve through equally spaced points (trapezoids); two points or more. */
export function areaUnder(values: readonly number[]): number {
	const ends = ((values[0] ?? 0) + (values.at(-1) ?? 0)) / 2;
	return (values.reduce((sum, value) => sum + value, 0) - ends) / (values.length - 1);
}

/** Deletion and insertion in `steps` steps; classifies 4 * (`steps` + 1) faces. */
export async function measureFidelity(
	{ face, size, label, random }: Subject,
	map: Float32Array,
	steps: number,
	classify: Classify
): Promise<Fidelity> {
	const order = rankPixels(map, random);
	const area = async (from: Uint8Array, to: Uint8Array): Promise<number> => {
		const rows = await classify(stepsBetween(from, to, order, steps));
		return areaUnder(rows.map((row) => row[label] ?? 0));
	};
	const [gray, blur] = [EMPTY.gray(face), EMPTY.blur(face, size)];
	const deletion = { gray: await area(face, gray), blur: await area(face, blur) };
	const insertion = { gray: await area(gray, face), blur: await area(blur, face) };
	const overall = (insertion.gray + insertion.blur - deletion.gray - deletion.blur) / 2;
	return { deletion, insertion, overall };
}

/**
 * Each method's fidelity on each face, [methods][faces]; faces as in `Subject.face`. `onFaces` is told how many are
 * done.
 */
export async function compareMaps(
	methods: readonly MapMethod[],
	faces: readonly Uint8Array[],
	size: number,
	steps: number,
	classify: Classify,
	onFaces: (done: number) => void = () => undefined
): Promise<Fidelity[][]> {
	const all: Fidelity[][] = methods.map(() => []);
	for (const [index, face] of faces.entries()) {
		const [scores = []] = await classify([face]);
		const score = Math.max(...scores);
		for (const [place, method] of methods.entries()) {
			const subject = { face, size, label: scores.indexOf(score), score, random: createRandom(index) };
			const map = await method.map(subject, classify);
			all[place]?.push(await measureFidelity(subject, map, steps, classify));
		}
		onFaces(index + 1);
	}
	return all;
}
