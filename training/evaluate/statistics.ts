/** How sure a figure is: pure functions of numbers. */
import { wilsonInterval } from '../../src/lib/core/interval';
import type { Random } from '../lib/random';

export interface Interval {
	readonly low: number;
	readonly high: number;
}

export interface MeanOfRuns extends Interval {
	readonly n: number;
	readonly mean: number;
	/** Standard deviation of a sample; NaN for one value. */
	readonly deviation: number;
}

const CONFIDENCE = 0.95;
const RESAMPLES = 2000;

/** Mean, standard deviation and Student's 95 % interval of the mean, of independent runs such as seeds. */
export function meanOfRuns(values: readonly number[]): MeanOfRuns {
	const n = values.length;
	const mean = values.reduce((sum, value) => sum + value, 0) / n;
	const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
	const reach = n > 1 ? (studentQuantile((1 + CONFIDENCE) / 2, n - 1) * deviation) / Math.sqrt(n) : NaN;
	return { n, mean, deviation, low: mean - reach, high: mean + reach };
}

/**
 * 95 % percentile interval (Efron, 1979) of `statistic`, which gets the indices of clusters drawn with replacement from
 * `count`: single pictures, or all pictures of a person, which are not independent.
 */
export function bootstrap(
	count: number,
	statistic: (drawn: Uint32Array) => number,
	random: Random,
	resamples = RESAMPLES
): Interval & { readonly error: number } {
	const drawn = new Uint32Array(count);
	const values = Array.from({ length: resamples }, () => {
		for (let draw = 0; draw < count; draw++) drawn[draw] = Math.floor(random() * count);
		return statistic(drawn);
	});
	return { ...percentiles(values), error: meanOfRuns(values).deviation };
}

/** The middle 95 % of resampled values. */
export function percentiles(values: readonly number[]): Interval {
	const sorted = values.toSorted((a, b) => a - b);
	const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
	return { low: at((1 - CONFIDENCE) / 2), high: at((1 + CONFIDENCE) / 2) };
}

/**
 * 95 % interval of the share of pictures that are right, by bootstrap over clusters of counts. If all are right, or
 * none, every draw is the same and tells nothing: then it is Wilson's, of as many pictures as there are clusters.
 */
export function bootstrapAccuracy(
	clusters: readonly { readonly n: number; readonly correct: number }[],
	random: Random
): Interval {
	const shareOf = (drawn: Uint32Array): number => {
		let [n, correct] = [0, 0];
		for (const index of drawn) {
			n += clusters[index]?.n ?? 0;
			correct += clusters[index]?.correct ?? 0;
		}
		return correct / Math.max(1, n);
	};
	const share = shareOf(Uint32Array.from(clusters.keys()));
	if (share === 0 || share === 1) return wilsonInterval(share, clusters.length);
	const { low, high } = bootstrap(clusters.length, shareOf, random);
	return { low, high };
}

/**
 * McNemar's exact test (1947) of two classifiers on the same pictures: the two-sided probability of so uneven a split
 * of the pictures on which only one of them is right, if they were equally good.
 */
export function mcnemar(onlyFirst: number, onlySecond: number): number {
	const n = onlyFirst + onlySecond;
	const fewer = Math.min(onlyFirst, onlySecond);
	let tail = 0;
	for (let k = 0; k <= fewer; k++)
		tail += Math.exp(logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) - n * Math.LN2);
	return Math.min(1, 2 * tail);
}

/** Probabilities of several tests, adjusted so that all together keep their level (Holm, 1979), in the order given. */
export function holm(probabilities: readonly number[]): number[] {
	const order = [...probabilities.keys()].sort((a, b) => (probabilities[a] ?? 0) - (probabilities[b] ?? 0));
	const adjusted = [...probabilities];
	let least = 0;
	for (const [rank, index] of order.entries()) {
		least = Math.max(least, Math.min(1, (probabilities.length - rank) * (probabilities[index] ?? 0)));
		adjusted[index] = least;
	}
	return adjusted;
}

/** The value that Student's t with `freedom` degrees of freedom stays under with this probability, 0.5..1. */
export function studentQuantile(probability: number, freedom: number): number {
	let [low, high] = [0, 1];
	while (studentBelow(high, freedom) < probability) high *= 2;
	for (let i = 0; i < 60; i++) {
		const middle = (low + high) / 2;
		if (studentBelow(middle, freedom) < probability) low = middle;
		else high = middle;
	}
	return (low + high) / 2;
}

/** For t >= 0: integrates the density by Simpson's rule over the angle whose tangent is t / sqrt(freedom). */
function studentBelow(t: number, freedom: number): number {
	const end = Math.atan(t / Math.sqrt(freedom));
	const steps = 2000;
	let sum = 0;
	for (let i = 0; i <= steps; i++) {
		const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
		sum += weight * Math.cos((end * i) / steps) ** (freedom - 1);
	}
	const scale = Math.exp(logGamma((freedom + 1) / 2) - logGamma(freedom / 2)) / Math.sqrt(Math.PI);
	return 0.5 + (scale * sum * end) / (3 * steps);
}

/** Logarithm of the gamma function for x > 0, by Stirling's series. */
function logGamma(x: number): number {
	let [shifted, product] = [x, 1];
	while (shifted < 10) product *= shifted++;
	const inverse = 1 / (shifted * shifted);
	const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / shifted;
	return (shifted - 0.5) * Math.log(shifted) - shifted + Math.log(2 * Math.PI) / 2 + series - Math.log(product);
}
