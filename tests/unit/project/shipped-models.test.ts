/** What a clone ships: every model of the manifest is there, whole, and as compact as a live page needs. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../src/lib/manifest';
import { parseReport } from '../../../src/lib/report';

const FOLDER = 'static/models';
/** Limits of the model that a new visitor gets. */
const MOST_BYTES = 1.5e6;
const MOST_MULTIPLY_ADDS = 40e6;

interface ModelJson {
	readonly modelTopology: object;
	readonly weightsManifest: readonly { readonly paths: readonly string[] }[];
}

const manifest = parseManifest(JSON.parse(readFileSync(join(FOLDER, 'index.json'), 'utf8')));

function readModel(url: string): { text: string; json: ModelJson; weights: Buffer } {
	const file = join(FOLDER, url);
	const text = readFileSync(file, 'utf8');
	const json = JSON.parse(text) as ModelJson;
	const paths = json.weightsManifest.flatMap((group) => group.paths);
	return { text, json, weights: Buffer.concat(paths.map((path) => readFileSync(join(dirname(file), path)))) };
}

describe.each([manifest.detector, ...manifest.models])('$id', ({ url, bytes, sha256 }) => {
	it('has the weights and the size that the manifest tells', () => {
		const { text, weights } = readModel(url);
		expect(createHash('sha256').update(weights).digest('hex')).toBe(sha256);
		expect(Buffer.byteLength(text) + weights.length).toBe(bytes);
	});

	it('has its batch normalisation folded into its convolutions', () => {
		expect(JSON.stringify(readModel(url).json.modelTopology)).not.toMatch(/BatchNorm/i);
	});
});

describe.each([...manifest.models, ...manifest.ensembles])('the figures of $id', ({ id, metrics }) => {
	it('stand in a report beside it, or there are none', () => {
		const file = join(FOLDER, id, 'report.json');
		const report = existsSync(file) ? parseReport(JSON.parse(readFileSync(file, 'utf8'))) : null;
		const accuracies = Object.entries(metrics).map(([split, { accuracy }]) => [split, accuracy]);
		const look = manifest.ensembles.find((ensemble) => ensemble.id === id)?.mirrored ? 'mirrored' : 'single';
		const reported = (report?.splits ?? []).filter((split) => split.id in metrics);
		expect(accuracies).toEqual(reported.map((split) => [split.id, split[look].accuracy]));
		expect(report === null).toBe(accuracies.length === 0);
	});
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
});
