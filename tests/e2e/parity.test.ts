/** The same pictures give the same probabilities in Node and in Chromium, in Chromium on every back end. */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { setBackend } from '@tensorflow/tfjs-core';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { analyse, INITIAL_STATE } from '../../src/lib/core/analyse';
import { VIEWS } from '../../src/lib/core/crop';
import { withPrior } from '../../src/lib/core/prior';
import { thoroughDetector } from '../../src/lib/core/still';
import { STILL_LIMITS } from '../../src/lib/core/tiles';
import type { Frame } from '../../src/lib/core/types';
import { fetchManifest, loadClassifier, loadDetector } from '../../src/lib/worker/loader';
import { createQueue } from '../../src/lib/worker/queue';
import { open, openBrowser, shownFaces, waitForStatus } from './browser';
import { closeUp, type PictureFile, portrait, twoFaces } from './pictures';

/** Probabilities by label, for each face from left to right. */
type Probabilities = readonly Readonly<Record<string, number>>[];

/** On a slow machine, a software GPU takes minutes to compile its programs. */
const COMPILE_MS = 400_000;

let pictures: readonly PictureFile[];
let inNode: Probabilities[];
let inChromium: Probabilities[];

async function toFrame(picture: PictureFile): Promise<Frame> {
	const { data, info } = await sharp(picture.buffer).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
	return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
}

async function analyseInNode(): Promise<Probabilities[]> {
	setWasmPaths(`${dirname(fileURLToPath(import.meta.resolve('@tensorflow/tfjs-backend-wasm')))}/`);
	await setBackend('wasm');
	const manifestUrl = `${inject('origin')}/models/index.json`;
	const manifest = await fetchManifest(manifestUrl);
	const entry = manifest.models.find(({ id }) => id === manifest.default);
	if (entry === undefined) throw new Error('The default model is not in the manifest');
	const tools = { tell: () => undefined, exclusively: createQueue() };
	const limits = { minConfidence: 0.5, maxFaces: 32 };
	const near = await loadDetector(manifest.detector, manifestUrl, limits, tools);
	const far = await loadDetector(manifest.farDetector, manifestUrl, limits, tools);
	const classifier = withPrior(await loadClassifier(entry, manifestUrl, tools), entry.priorRatio?.photo);
	// As the worker reads stills.
	const models = { detector: thoroughDetector({ near, far }, STILL_LIMITS), classifiers: [classifier], now: () => 0 };
	const settings = {
		minConfidence: 0.5,
		maxFaces: STILL_LIMITS.maxFaces,
		smoothingMs: 0,
		timeMs: 0,
		still: true,
		readMs: 0,
		views: VIEWS.photo
	};
	const all: Probabilities[] = [];
	for (const picture of pictures) {
		const { result } = await analyse(await toFrame(picture), models, settings, INITIAL_STATE);
		const faces = [...result.faces].sort((a, b) => a.box.x - b.box.x);
		all.push(
			faces.map(({ readings }) => {
				const scores = readings[entry.id]?.scores ?? [];
				return Object.fromEntries(entry.labels.map((label, index) => [label, scores[index] ?? NaN]));
			})
		);
	}
	return all;
}

/** Faces as the worker sent them, since the page sorts them by id and rounds. */
async function readFaces(page: Page): Promise<Probabilities> {
	const shown = await shownFaces(page);
	const faces = await page.evaluate(() => window.recordedResults.at(-1)?.faces ?? []);
	const labels = Object.keys(shown[0]?.bars ?? {});
	return [...faces]
		.sort((a, b) => a.box.x - b.box.x)
		.map(({ readings }) => {
			const [reading] = Object.values(readings);
			return Object.fromEntries(labels.map((label, index) => [label, reading?.scores[index] ?? NaN]));
		});
}

/** Names of flags that occur in one back end's code only. The cpu back end has none. */
const MARKS = {
	webgpu: 'WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE',
	webgl: 'WEBGL_FORCE_F16_TEXTURES',
	wasm: 'WASM_HAS_SIMD_SUPPORT'
};

/** The back ends whose code is in these scripts. */
async function backendsIn(scripts: Iterable<string>): Promise<string[]> {
	const texts = await Promise.all([...scripts].map(async (url) => (await fetch(url)).text()));
	return Object.entries(MARKS)
		.filter(([, mark]) => texts.some((text) => text.includes(mark)))
		.map(([name]) => name);
}

/** Probabilities on one back end, or on the one that the page picks by itself without WebGPU. */
async function analyseIn(
	browser: Browser,
	backend: 'wasm' | 'webgpu' | 'without WebGPU',
	shown: readonly PictureFile[]
): Promise<Probabilities[]> {
	const scripts = new Set<string>();
	const { context, page } = await open(browser, '/photo', {
		...(backend !== 'without WebGPU' && { backend }),
		prepare: (prepared) => {
			prepared.on('request', (request) => {
				// What a page only fetches ahead is not run.
				const isRun = request.resourceType() === 'script';
				if (isRun && request.url().endsWith('.js')) scripts.add(request.url());
			});
			return Promise.resolve();
		}
	});
	await waitForStatus(page, 'idle', COMPILE_MS);
	const taken = await page.getByTestId('backend').getAttribute('data-value');
	if (backend === 'without WebGPU') {
		expect(await backendsIn(scripts), 'loaded back ends').not.toContain('webgpu');
		expect(taken).toMatch(/^(webgl|wasm|cpu)$/);
	} else {
		// WASM's code is in the worker's own script, as most visitors need it.
		expect(new Set(await backendsIn(scripts)), 'loaded back ends').toEqual(new Set(['wasm', backend]));
		expect(taken).toBe(backend);
	}
	const all: Probabilities[] = [];
	for (const picture of shown) {
		await page.evaluate(() => (window.recordedResults.length = 0));
		await page.getByTestId('file-input').setInputFiles(picture);
		await page.waitForFunction(() => window.recordedResults.length > 0, null, { timeout: COMPILE_MS });
		await waitForStatus(page, 'done', COMPILE_MS);
		all.push(await readFaces(page));
	}
	await context.close();
	return all;
}

/** The greatest difference between two probabilities. Throws if faces or labels differ. */
function greatestDifference(a: readonly Probabilities[], b: readonly Probabilities[]): number {
	expect(b.map((faces) => faces.map(Object.keys))).toEqual(a.map((faces) => faces.map(Object.keys)));
	const flat = (all: readonly Probabilities[]) => all.flat().flatMap((face) => Object.values(face));
	const values = flat(b);
	return Math.max(...flat(a).map((value, index) => Math.abs(value - (values[index] ?? NaN))));
}

beforeAll(async () => {
	pictures = [await portrait(), await twoFaces(), await closeUp(140, 0.6), await closeUp(700, 1.2)];
	inNode = await analyseInNode();
	const browser = await openBrowser();
	inChromium = await analyseIn(browser, 'wasm', pictures);
	await browser.close();
});

describe('probabilities', () => {
	it('are there for every face', () => {
		expect(inNode.map((faces) => faces.length)).toEqual([1, 2, 1, 1]);
	});

	it('are the same in Node and in Chromium', () => {
		const difference = greatestDifference(inNode, inChromium);
		console.log(`Node against Chromium: ${difference.toExponential(1)}`);
		expect(difference).toBeLessThan(1e-3);
	});

	it('are the same on WASM and on WebGPU, or on what the page picks if this Chromium has no WebGPU', async () => {
		const browser = await openBrowser({ webgpu: true });
		try {
			const { context, page } = await open(browser, '/photo');
			const adapter = await page.evaluate(async () => {
				if (!('gpu' in navigator)) return null;
				const found = await navigator.gpu.requestAdapter();
				return found === null ? null : `${found.info.vendor} ${found.info.architecture}`;
			});
			await context.close();
			const backend = adapter === null ? 'without WebGPU' : 'webgpu';
			// One small picture: in software each further pass takes seconds, and each batch size is compiled anew.
			const small = 2;
			const there = await analyseIn(browser, backend, pictures.slice(small, small + 1));
			const difference = greatestDifference(inChromium.slice(small, small + 1), there);
			console.log(`WASM against ${backend} (${adapter ?? 'no adapter'}): ${difference.toExponential(1)}`);
			expect(difference).toBeLessThan(1e-2);
		} finally {
			await browser.close();
		}
	}, 600_000);
});
