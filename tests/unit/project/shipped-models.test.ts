/** What a clone ships: every model of the manifest is there, whole, and as compact as a live page needs. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BLAZEFACE_VALUES } from '../../../src/lib/core/blazeface';
import { outputShapeOf, readNetwork } from '../../../src/lib/core/network/format';
import { everydayRatio } from '../../../src/lib/core/prior';
import { parseManifest } from '../../../src/lib/manifest';
import { parseReport } from '../../../src/lib/report';
import { classifiersOf } from '../../../src/lib/state/classifiers';

const FOLDER = 'static/models';
/** Limits of the model that a new visitor gets. */
const MOST_BYTES = 2e6;
const MOST_MULTIPLY_ADDS = 60e6;

const manifest = parseManifest(JSON.parse(readFileSync(join(FOLDER, 'index.json'), 'utf8')));

describe.each([manifest.detector, manifest.farDetector, ...manifest.models])('$id', ({ url, bytes, sha256 }) => {
	const file = readFileSync(join(FOLDER, url));

	it('is the file that the manifest tells of, with its hash in its name, and the only one in its folder', () => {
		expect(createHash('sha256').update(file).digest('hex')).toBe(sha256);
		expect(file.length).toBe(bytes);
		expect(basename(url)).toBe(`network-${sha256.slice(0, 12)}.bin`);
		const weights = readdirSync(join(FOLDER, dirname(url))).filter((name) => /\.bin$|^model\.json$/.test(name));
		expect(weights).toEqual([basename(url)]);
	});

	it('is a network that can be read, and whose steps fit each other', () => {
		const { description, values } = readNetwork(file);
		expect(outputShapeOf(description).at(-1)).toBe(url.startsWith('blazeface') ? BLAZEFACE_VALUES : 7);
		for (const each of values) expect(each.every(Number.isFinite)).toBe(true);
	});
});

// Keras's count of the student paper's code; what was trained with normalisation has as many once it is folded away.
it.each([
	['cnn', 22_386_119, /^scratch$/],
	['vgg16', 15_440_839, /^weights that shipped before \(scratch,/]
])('%s ships with the weights of the paper, and tells its base', (name, parameters, base) => {
	const entry = manifest.models.find(({ id }) => id === name);
	expect(entry?.parameters).toBe(parameters);
	expect(entry?.trained.base).toMatch(base);
});

// What the paper has on its 7,178 test rows.
it.each([
	['cnn', 0.614],
	['vgg16', 0.469]
])('%s is at least as right as the paper has it', (name, accuracy) => {
	expect(manifest.models.find(({ id }) => id === name)?.metrics['paper']?.accuracy).toBeGreaterThanOrEqual(accuracy);
});

describe.each([...manifest.models, ...manifest.ensembles])('the figures of $id', ({ id, metrics, ...calibration }) => {
	it('stand in a report beside it, or there are none', () => {
		const file = join(FOLDER, id, 'report.json');
		const report = existsSync(file) ? parseReport(JSON.parse(readFileSync(file, 'utf8'))) : null;
		const accuracies = Object.entries(metrics).map(([split, { accuracy }]) => [split, accuracy]);
		const look = manifest.ensembles.find((ensemble) => ensemble.id === id)?.mirrored ? 'mirrored' : 'single';
		const reported = (report?.splits ?? []).filter((split) => split.id in metrics);
		expect(accuracies).toEqual(reported.map((split) => [split.id, split[look].accuracy]));
		expect(report === null).toBe(accuracies.length === 0);
		const { temperature, biases } = calibration;
		expect(biases).toBeDefined();
		expect(report).toMatchObject({ temperature, biases });
	});
});

// Eyes that are always level, or faces that are never turned, cost up to a point on PublicTest as the detector cuts it.
it.each(manifest.models)('$id is shown faces that lean as far as those of FER2013', ({ input }) => {
	expect(input.crop.tilt).toBe(15);
});

it.each(classifiersOf(manifest))('$id counts labels as in everyday faces', ({ labels, priorRatio }) => {
	expect(labels).toEqual(expect.arrayContaining(['disgust', 'fear', 'neutral']));
	expect(priorRatio).toEqual(everydayRatio(labels));
});

it.each(manifest.ensembles)('$id is more right on PublicTest, which chose it, than each of its members', (ensemble) => {
	const publicAccuracy = ({ metrics }: Pick<typeof ensemble, 'metrics'>) => metrics['public']?.accuracy ?? NaN;
	const members = manifest.models.filter(({ id }) => ensemble.members.includes(id));
	expect(members).toHaveLength(ensemble.members.length);
	for (const member of members) expect(publicAccuracy(ensemble)).toBeGreaterThan(publicAccuracy(member));
});

describe('the default model', () => {
	const entry = manifest.models.find(({ id }) => id === manifest.default);

	it('is small enough for a first visit', () => {
		expect(entry?.bytes).toBeLessThanOrEqual(MOST_BYTES);
		expect(entry?.multiplyAdds).toBeLessThanOrEqual(MOST_MULTIPLY_ADDS);
	});

	it('tells how good it is, on every split', () => {
		expect(Object.keys(entry?.metrics ?? {}).sort()).toEqual(['paper', 'private', 'public']);
	});

	it('is as right, and as sure of itself, as a page can rely on', () => {
		const report = parseReport(JSON.parse(readFileSync(join(FOLDER, manifest.default, 'report.json'), 'utf8')));
		const figures = report.splits.find(({ id }) => id === 'private')?.single;
		expect(figures?.accuracy).toBeGreaterThanOrEqual(0.68);
		expect(figures?.calibrationError).toBeLessThanOrEqual(0.04);
		expect(report.unsure?.private.accuracy).toBeGreaterThanOrEqual(0.8);
	});

	it('agrees with people as it counts labels live, and still with FER2013', () => {
		const report = parseReport(JSON.parse(readFileSync(join(FOLDER, manifest.default, 'report.json'), 'utf8')));
		const accuracyOn = (id: string) => report.splits.find((split) => split.id === id)?.single.accuracy;
		expect(accuracyOn('ferplus-private-live')).toBeGreaterThanOrEqual(0.74);
		expect(accuracyOn('private-live')).toBeGreaterThanOrEqual(0.7);
		expect(report.splits.find(({ id }) => id === 'private-live')?.single.calibrationError).toBeLessThanOrEqual(0.04);
	});

	it('bears a window behind the face', () => {
		const report = parseReport(JSON.parse(readFileSync(join(FOLDER, manifest.default, 'report.json'), 'utf8')));
		const strongest = report.corruptions.find(({ id }) => id === 'backlit')?.accuracy.at(-1);
		// Weights that had not learned from such light had 0.52.
		expect(strongest).toBeGreaterThanOrEqual(0.58);
	});
});
