/** Files and networks of models, with a small network on the cpu back end. */
import { memory, ready, setBackend } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sizeOf, type NetworkDescription } from '../../../src/lib/core/network/description';
import { asGraphModel, readGraphModel, type GraphModel } from '../../../src/lib/core/network/graph-model';
import type { ModelEntry } from '../../../src/lib/manifest';
import { buildClassifier } from '../../../src/lib/worker/classifier';
import { warmUp } from '../../../src/lib/worker/compile';
import { fetchModel } from '../../../src/lib/worker/model-files';
import { sha256 } from '../../../src/lib/worker/sha256';
import { packNetwork } from '../../../training/lib/graph-model';

const MANIFEST_URL = 'http://localhost/models/index.json';

/** A convolution, and three probabilities. */
const DESCRIPTION: NetworkDescription = {
	input: [4, 4, 1],
	steps: [
		{ op: 'conv', from: 0, kernel: 0, bias: 1, strides: [1, 1], padding: 'valid', relu: true },
		{ op: 'reshape', from: 1, shape: [8] },
		{ op: 'dense', from: 2, kernel: 2, bias: 3, relu: false },
		{ op: 'softmax', from: 3 }
	],
	weights: [[3, 3, 1, 2], [2], [8, 3], [3]].map((shape, weight) => ({
		shape,
		values: Float32Array.from({ length: sizeOf(shape) }, (_, index) => Math.sin(7 * weight + index))
	}))
};
const JSON_URL = 'http://localhost/models/small/model-1.json';
const WEIGHTS_URL = 'http://localhost/models/small/weights-1.bin';

let json: Uint8Array<ArrayBuffer>;
let weights: Uint8Array<ArrayBuffer>;
let network: NetworkDescription;
let entry: ModelEntry;
let files: Map<string, Uint8Array<ArrayBuffer>>;
let requests: [url: string, cache: RequestCache | undefined][];

beforeAll(async () => {
	await setBackend('cpu');
	await ready();
	const packed = packNetwork(DESCRIPTION);
	weights = Uint8Array.from(packed.weights);
	const model: GraphModel = {
		format: 'graph-model',
		modelTopology: { node: packed.nodes },
		weightsManifest: [{ paths: ['weights-1.bin'], weights: packed.specs }]
	};
	json = new TextEncoder().encode(JSON.stringify(model));
	network = readGraphModel(asGraphModel(model), weights);
});

beforeEach(async () => {
	entry = {
		id: 'small',
		title: 'Small',
		purpose: 'for tests',
		url: 'small/model-1.json',
		weightsUrls: ['small/weights-1.bin'],
		bytes: json.length + weights.length,
		sha256: await sha256(json),
		weightsSha256: await sha256(weights),
		parameters: 1,
		multiplyAdds: 1,
		labels: ['a', 'b', 'c'],
		input: { size: 4, channels: 1, range: [0, 1], crop: { scale: 1, shift: [0, 0], align: false } },
		temperature: 1,
		metrics: {},
		trained: { date: '2026-01-01', commit: 'x', recipe: 'x', backend: 'cpu', base: 'scratch' }
	};
	files = new Map([
		[JSON_URL, json],
		[WEIGHTS_URL, weights]
	]);
	requests = [];
	vi.stubGlobal('fetch', (url: string, { cache }: RequestInit) => {
		requests.push([url, cache]);
		const body = files.get(url);
		return Promise.resolve(new Response(body ?? 'no', { status: body === undefined ? 404 : 200 }));
	});
});

afterEach(() => vi.unstubAllGlobals());

describe('fetchModel', () => {
	it('fetches both files at once, from the cache if there, and reports every byte', async () => {
		let told = 0;
		const found = await fetchModel(entry, MANIFEST_URL, (more) => (told += more));
		expect(found).toEqual(network);
		expect(requests).toEqual([
			[JSON_URL, 'default'],
			[WEIGHTS_URL, 'default']
		]);
		expect(told).toBe(entry.bytes);
	});

	it('names a missing file, with the HTTP status', async () => {
		files.delete(WEIGHTS_URL);
		await expect(fetchModel(entry, MANIFEST_URL, () => undefined)).rejects.toMatchObject({
			code: 'model-unreachable',
			message: `${WEIGHTS_URL}: status 404`
		});
	});

	it('reports an unreachable server', async () => {
		vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
		await expect(fetchModel(entry, MANIFEST_URL, () => undefined)).rejects.toMatchObject({ code: 'model-unreachable' });
	});

	it('fetches a file again if it came damaged from a cache', async () => {
		const damaged = weights.slice();
		damaged[damaged.length - 1] = 0xff;
		const answers = [damaged, weights];
		const caches: unknown[] = [];
		vi.stubGlobal('fetch', (url: string, { cache }: RequestInit) => {
			if (url === JSON_URL) return Promise.resolve(new Response(json));
			caches.push(cache);
			return Promise.resolve(new Response(answers.shift()));
		});
		expect(await fetchModel(entry, MANIFEST_URL, () => undefined)).toEqual(network);
		expect(caches).toEqual(['default', 'reload']);
	});

	it('reports no more bytes once it has failed', async () => {
		let answer: (response: Response) => void = () => undefined;
		const late = new Promise<Response>((resolve) => {
			answer = resolve;
		});
		vi.stubGlobal('fetch', (url: string) =>
			url === JSON_URL ? Promise.resolve(new Response('no', { status: 404 })) : late
		);
		let told = 0;
		let failed = false;
		const fetched = fetchModel(entry, MANIFEST_URL, (more) => {
			expect(failed).toBe(false);
			told += more;
		}).catch(() => {
			failed = true;
		});
		await new Promise((resolve) => setTimeout(resolve, 20));
		expect(failed).toBe(false);
		answer(new Response(weights));
		await fetched;
		expect([failed, told]).toEqual([true, weights.length]);
	});

	it('refuses a file that is not the one in the manifest', async () => {
		files.set(WEIGHTS_URL, weights.slice(4));
		const error: unknown = await fetchModel(entry, MANIFEST_URL, () => undefined).catch((thrown: unknown) => thrown);
		expect(error).toMatchObject({ code: 'model-invalid' });
		expect(String(error)).toContain(`expected SHA-256 ${entry.weightsSha256} but found`);
	});

	it('refuses a file that is not a network', async () => {
		const page = new TextEncoder().encode('<!doctype html>');
		files.set(JSON_URL, page);
		const other = { ...entry, sha256: await sha256(page) };
		await expect(fetchModel(other, MANIFEST_URL, () => undefined)).rejects.toMatchObject({ code: 'model-invalid' });
	});
});

describe('buildClassifier', () => {
	it('gives one row of probabilities per face, whatever the batch, and leaks no tensor', async () => {
		const before = memory().numTensors;
		const classifier = buildClassifier(entry, await fetchModel(entry, MANIFEST_URL, () => undefined));
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
		const plain = buildClassifier(entry, network);
		const soft = buildClassifier({ ...entry, temperature: 3 }, network);
		const [sharpRow] = await plain.classify(face, 1);
		const [softRow] = await soft.classify(face, 1);
		expect(Math.max(...(softRow ?? []))).toBeLessThan(Math.max(...(sharpRow ?? [])));
		const moved = buildClassifier({ ...entry, biases: entry.labels.map((_, label) => -9 * label) }, network);
		const [movedRow] = await moved.classify(face, 1);
		expect(movedRow?.[0]).toBeGreaterThan(0.99);
		for (const classifier of [plain, soft, moved]) classifier.dispose();
	});

	it('refuses a network that does not fit its entry, or itself, before allocating memory', () => {
		const before = memory().numTensors;
		expect(() => buildClassifier({ ...entry, labels: ['a', 'b'] }, network)).toThrow(
			'small: expected a network from [4,4,1] to [2] but found one from [4,4,1] to [3]'
		);
		const [, ...others] = network.weights;
		const wider = [{ shape: [3, 3, 2, 2], values: new Float32Array(36) }, ...others];
		expect(() => buildClassifier(entry, { ...network, weights: wider })).toThrow('A kernel for 2 channels meets 1.');
		expect(memory().numTensors).toBe(before);
	});
});
