/** What a clone ships: every model of the manifest is there, complete, and as compact as a live page needs. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BLAZEFACE_VALUES } from '../../../src/lib/core/blazeface';
import { sizeOf } from '../../../src/lib/core/network/description';
import { asGraphModel } from '../../../src/lib/core/network/graph-model';
import { Network } from '../../../src/lib/core/network/network';
import { everydayRatio } from '../../../src/lib/core/prior';
import { classifiersOf, parseManifest } from '../../../src/lib/manifest';
import { parseReport, type Report } from '../../../src/lib/report';
import { startBackend } from '../../../training/backend/index';
import { readModel } from '../../../training/lib/model-files';
import { runStock } from '../stock-loader';

const FOLDER = 'static/models';
/** Limits for the model that a new visitor gets. */
const MOST_BYTES = 2e6;
const MOST_MULTIPLY_ADDS = 60e6;

const manifest = parseManifest(JSON.parse(readFileSync(join(FOLDER, 'index.json'), 'utf8')));

beforeAll(() => startBackend('wasm'));

const FILE_NAME = /^(model|weights|network|group)\b.*\.(json|bin)$/;

describe.each([manifest.detector, manifest.farDetector, ...manifest.models])('$id', (entry) => {
	const { url, weightsUrls, bytes, sha256, weightsSha256 } = entry;
	const hashOf = (file: Buffer): string => createHash('sha256').update(file).digest('hex');
	const isDetector = 'inputSize' in entry;

	it('consists of the files in the manifest, with hashes in their names, and nothing else in its folder', () => {
		const json = readFileSync(join(FOLDER, url));
		const shards = weightsUrls.map((file) => readFileSync(join(FOLDER, file)));
		const weights = Buffer.concat(shards);
		expect(Math.max(...shards.map(({ length }) => length))).toBeLessThanOrEqual(4 * 1024 * 1024);
		expect([hashOf(json), hashOf(weights)]).toEqual([sha256, weightsSha256]);
		expect(json.length + weights.length).toBe(bytes);
		const place = (index: number): string =>
			shards.length === 1 ? '' : `${String(index + 1)}of${String(shards.length)}-`;
		const names = [
			`model-${sha256.slice(0, 12)}.json`,
			...shards.map((shard, index) => `weights-${place(index)}${hashOf(shard).slice(0, 12)}.bin`)
		];
		expect([url, ...weightsUrls].map((file) => basename(file))).toEqual(names);
		const there = readdirSync(join(FOLDER, dirname(url))).filter((name) => FILE_NAME.test(name));
		expect(there.toSorted()).toEqual(names);
		expect(asGraphModel(JSON.parse(json.toString())).weightsManifest[0].paths).toEqual(names.slice(1));
	});

	it(
		"runs in tfjs's own loader, with the same result as here, for two pictures at once",
		{ timeout: 180_000 },
		async () => {
			const network = new Network(readModel(join(FOLDER, dirname(url))));
			const shape = [2, ...network.inputShape];
			const batch = Float32Array.from({ length: sizeOf(shape) }, (_, index) => Math.sin(index ** 1.3));
			const stock = await runStock(join(FOLDER, url), batch, 2);
			const found = await network.predict(batch, 2);
			network.dispose();
			expect(stock.shape.at(-1)).toBe(isDetector ? BLAZEFACE_VALUES : 7);
			expect(found).toHaveLength(stock.values.length);
			const greatest = stock.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
			for (const [index, value] of stock.values.entries())
				expect(Math.abs((found[index] ?? NaN) - value)).toBeLessThan(1e-5 * Math.max(1, greatest));
		}
	);
});

// Keras's count for the student paper's code. Networks trained with normalisation have as many once it is folded away.
it.each([
	['cnn', 22_386_119, /^scratch$/],
	['vgg16', 15_440_839, /^weights that shipped before \(scratch,/]
])("%s ships with the weights of the paper's network and states its base", (name, parameters, base) => {
	const entry = manifest.models.find(({ id }) => id === name);
	expect(entry?.parameters).toBe(parameters);
	expect(entry?.trained.base).toMatch(base);
});

// The paper's accuracy on its 7,178 test rows.
it.each([
	['cnn', 0.614],
	['vgg16', 0.469]
])('%s is at least as accurate as in the paper', (name, accuracy) => {
	expect(manifest.models.find(({ id }) => id === name)?.metrics['paper']?.accuracy).toBeGreaterThanOrEqual(accuracy);
});

const reportOf = (id: string): Report => parseReport(JSON.parse(readFileSync(join(FOLDER, id, 'report.json'), 'utf8')));

it.each(manifest.models)('$id has the figures and calibrations of its report, for both views', ({ id, ...entry }) => {
	const report = reportOf(id);
	for (const view of ['single', 'mirrored'] as const) {
		const [shipped, measured] = view === 'single' ? [entry, report] : [entry.mirrored, report.mirrored];
		const reported = report.splits.filter((split) => ['public', 'private', 'paper'].includes(split.id));
		expect(Object.entries(shipped?.metrics ?? {}).map(([split, { accuracy }]) => [split, accuracy])).toEqual(
			reported.map((split) => [split.id, split[view].accuracy])
		);
		expect(shipped?.biases).toBeDefined();
		expect(shipped).toMatchObject({ temperature: measured.temperature, biases: measured.biases });
		expect(shipped?.unsureBelow).toBe(measured.unsure?.public.threshold);
	}
});

// Measuring a model drops figures of other weights, and these have a command of their own.
it.each(manifest.models)('$id has its figures on the sets of unseen faces', ({ id }) => {
	expect(reportOf(id).unseen?.map((set) => set.id)).toEqual(['ck48', 'london']);
});

// Levelling eyes fully, or never turning faces, costs up to one point on PublicTest as the detector cuts it.
it.each(manifest.models)('$id is shown faces that lean as far as those of FER2013', ({ input }) => {
	expect(input.crop.tilt).toBe(15);
});

it.each(classifiersOf(manifest))('$id counts labels as in everyday faces', ({ labels, priorRatio }) => {
	expect(labels).toEqual(expect.arrayContaining(['disgust', 'fear', 'neutral']));
	expect(priorRatio).toEqual(everydayRatio(labels));
});

describe('the default model', () => {
	const entry = manifest.models.find(({ id }) => id === manifest.default);

	it('is small enough for a first visit', () => {
		expect(entry?.bytes).toBeLessThanOrEqual(MOST_BYTES);
		expect(entry?.multiplyAdds).toBeLessThanOrEqual(MOST_MULTIPLY_ADDS);
	});

	it('reports its quality on every split', () => {
		expect(Object.keys(entry?.metrics ?? {}).sort()).toEqual(['paper', 'private', 'public']);
	});

	it('is accurate and calibrated enough for a page to rely on', () => {
		const report = parseReport(JSON.parse(readFileSync(join(FOLDER, manifest.default, 'report.json'), 'utf8')));
		const figures = report.splits.find(({ id }) => id === 'private')?.single;
		expect(figures?.accuracy).toBeGreaterThanOrEqual(0.68);
		expect(figures?.calibrationError).toBeLessThanOrEqual(0.04);
		expect(report.unsure?.private.accuracy).toBeGreaterThanOrEqual(0.8);
	});

	it('agrees with people when it counts labels as live, and still with FER2013', () => {
		const report = parseReport(JSON.parse(readFileSync(join(FOLDER, manifest.default, 'report.json'), 'utf8')));
		const accuracyOn = (id: string) => report.splits.find((split) => split.id === id)?.single.accuracy;
		expect(accuracyOn('ferplus-private-live')).toBeGreaterThanOrEqual(0.74);
		expect(accuracyOn('private-live')).toBeGreaterThanOrEqual(0.7);
		expect(report.splits.find(({ id }) => id === 'private-live')?.single.calibrationError).toBeLessThanOrEqual(0.04);
	});

	it('copes with a window behind the face', () => {
		const report = parseReport(JSON.parse(readFileSync(join(FOLDER, manifest.default, 'report.json'), 'utf8')));
		const strongest = report.corruptions.find(({ id }) => id === 'backlit')?.accuracy.at(-1);
		// Weights not trained on such light had 0.52.
		expect(strongest).toBeGreaterThanOrEqual(0.58);
	});
});
