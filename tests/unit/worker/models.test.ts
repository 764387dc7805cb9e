/** Files and networks of models, with a small layers model on the cpu back end. */
import { io, memory, ready, setBackend } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { initializers, layers, sequential } from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ModelEntry } from '../../../src/lib/manifest';
import { buildClassifier } from '../../../src/lib/worker/classifier';
import { warmUp } from '../../../src/lib/worker/compile';
import { fetchModel } from '../../../src/lib/worker/model-files';
import { sha256 } from '../../../src/lib/worker/sha256';

const MANIFEST_URL = 'http://localhost/models/index.json';

let artifacts: io.ModelArtifacts;
let weights: Uint8Array<ArrayBuffer>;
let entry: ModelEntry;
let files: Map<string, string | Uint8Array<ArrayBuffer>>;
let requests: string[];

beforeAll(async () => {
	await setBackend('cpu');
	await ready();
	const model = sequential();
	model.add(
		layers.conv2d({
			inputShape: [4, 4, 1],
			filters: 2,
			kernelSize: 3,
			kernelInitializer: initializers.heNormal({ seed: 1 })
		})
	);
	model.add(layers.flatten());
	model.add(layers.dense({ units: 3, activation: 'softmax', kernelInitializer: initializers.heNormal({ seed: 2 }) }));
	await model.save(
		io.withSaveHandler((saved) => {
			artifacts = saved;
			return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
		})
	);
	model.dispose();
	weights = new Uint8Array(io.CompositeArrayBuffer.join(artifacts.weightData));
});

beforeEach(async () => {
	entry = {
		id: 'small',
		title: 'Small',
		url: 'small/model.json',
		bytes: 1,
		sha256: await sha256(weights),
		parameters: 1,
		multiplyAdds: 1,
		labels: ['a', 'b', 'c'],
		input: { size: 4, channels: 1, range: [0, 1], crop: { scale: 1, shift: [0, 0], align: false } },
		temperature: 1,
		metrics: {},
		trained: { date: '2026-01-01', commit: 'x', recipe: 'x', backend: 'cpu', base: 'scratch' }
	};
	const json = {
		modelTopology: artifacts.modelTopology,
		weightsManifest: [{ paths: ['1.bin', '2.bin'], weights: artifacts.weightSpecs }]
	};
	files = new Map<string, string | Uint8Array<ArrayBuffer>>([
		['http://localhost/models/small/model.json', JSON.stringify(json)],
		['http://localhost/models/small/1.bin', weights.slice(0, 40)],
		['http://localhost/models/small/2.bin', weights.slice(40)]
	]);
	requests = [];
	vi.stubGlobal('fetch', (url: string) => {
		requests.push(url);
		const body = files.get(url);
		return Promise.resolve(new Response(body ?? 'no', { status: body === undefined ? 404 : 200 }));
	});
});

afterEach(() => vi.unstubAllGlobals());

describe('fetchModel', () => {
	it('fetches each file once, tells every byte and joins the shards', async () => {
		let bytes = 0;
		const found = await fetchModel(entry, MANIFEST_URL, (more) => (bytes += more));
		expect(new Uint8Array(found.weightData as ArrayBuffer)).toEqual(weights);
		expect(found.weightSpecs).toEqual(artifacts.weightSpecs);
		expect(requests.toSorted()).toEqual([...files.keys()].toSorted());
		expect(bytes).toBe([...files.values()].reduce((sum, file) => sum + file.length, 0));
	});

	it('names a file that is missing, with the HTTP status', async () => {
		files.delete('http://localhost/models/small/2.bin');
		await expect(fetchModel(entry, MANIFEST_URL, () => undefined)).rejects.toMatchObject({
			code: 'model-unreachable',
			message: 'http://localhost/models/small/2.bin: HTTP 404'
		});
	});

	it('tells a server that cannot be reached', async () => {
		vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
		await expect(fetchModel(entry, MANIFEST_URL, () => undefined)).rejects.toMatchObject({ code: 'model-unreachable' });
	});

	it('refuses weights that are not those of the manifest', async () => {
		files.set('http://localhost/models/small/2.bin', weights.slice(44));
		const error: unknown = await fetchModel(entry, MANIFEST_URL, () => undefined).catch((thrown: unknown) => thrown);
		expect(error).toMatchObject({ code: 'model-invalid' });
		expect(String(error)).toContain(`expected weights of SHA-256 ${entry.sha256} but found`);
	});

	it.each(['<!doctype html>', '{"modelTopology": {}}', 'null'])('refuses %s for model.json', async (text) => {
		files.set('http://localhost/models/small/model.json', text);
		await expect(fetchModel(entry, MANIFEST_URL, () => undefined)).rejects.toMatchObject({ code: 'model-invalid' });
	});
});

describe('buildClassifier', () => {
	it('gives one row of probabilities a face, whatever the batch, and leaves no tensor behind', async () => {
		const before = memory().numTensors;
		const classifier = await buildClassifier(entry, await fetchModel(entry, MANIFEST_URL, () => undefined));
		await warmUp('cpu', () => classifier.runBlank());
		const loaded = memory().numTensors;
		const faces = Float32Array.from({ length: 48 }, (_, index) => Math.sin(index));
		const scores = await classifier.classify(faces, 3);
		expect(scores).toHaveLength(3);
		for (const row of scores) {
			expect(row).toHaveLength(3);
			expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
		}
		const [alone] = await classifier.classify(faces.slice(16, 32), 1);
		for (const [index, p] of (alone ?? []).entries()) expect(p).toBeCloseTo(scores[1]?.[index] ?? NaN, 5);
		expect(await classifier.classify(new Float32Array(), 0)).toEqual([]);
		expect(memory().numTensors).toBe(loaded);
		classifier.dispose();
		expect(memory().numTensors).toBe(before);
	});

	it('applies the calibration', async () => {
		const face = Float32Array.from({ length: 16 }, (_, index) => index / 16);
		const plain = await buildClassifier(entry, artifacts);
		const soft = await buildClassifier({ ...entry, temperature: 3 }, artifacts);
		const [sharpRow] = await plain.classify(face, 1);
		const [softRow] = await soft.classify(face, 1);
		expect(Math.max(...(softRow ?? []))).toBeLessThan(Math.max(...(sharpRow ?? [])));
		const moved = await buildClassifier({ ...entry, biases: entry.labels.map((_, label) => -9 * label) }, artifacts);
		const [movedRow] = await moved.classify(face, 1);
		expect(movedRow?.[0]).toBeGreaterThan(0.99);
		for (const classifier of [plain, soft, moved]) classifier.dispose();
	});

	it('refuses a network that does not fit its entry, and frees it', async () => {
		const before = memory().numTensors;
		await expect(buildClassifier({ ...entry, labels: ['a', 'b'] }, artifacts)).rejects.toMatchObject({
			code: 'model-invalid',
			message: 'small: expected a model from [null,4,4,1] to [null,2] but found [null,4,4,1] to [null,3]'
		});
		await expect(buildClassifier(entry, { ...artifacts, modelTopology: {} })).rejects.toMatchObject({
			code: 'model-invalid'
		});
		expect(memory().numTensors).toBe(before);
	});
});
