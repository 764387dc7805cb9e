/** The live page with a camera that plays a moving, scaling and dimming face. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { FrameResult } from '../../src/lib/core/types';
import { singleViews, withView } from '../../src/lib/components/shared/model-views';
import { classifiersOf, type Manifest, parseManifest } from '../../src/lib/manifest';
import {
	countTensors,
	open,
	openBrowser,
	openSettings,
	type Opened,
	shownFaces,
	waitForResults,
	waitForStatus
} from './browser';

const EARLY_FRAMES = 50;
const LATE_FRAMES = 250;

let browser: Browser;
let live: Opened;
let manifest: Manifest;
/** The results of the second, long run. */
let longRun: FrameResult[];
/** Live tensors after each run, with the camera stopped and nothing in flight. */
const tensors: number[] = [];
const requests: { url: string; method: string; body: string | null }[] = [];

beforeAll(async () => {
	browser = await openBrowser({ camera: 'clip' });
	manifest = parseManifest(await (await fetch(`${inject('origin')}/models/index.json`)).json());
	live = await open(browser, '/', {
		// Without a GPU, painting a large page takes longer than analysing a frame.
		viewport: { width: 640, height: 480 },
		prepare: (context) => {
			context.on('request', (request) =>
				requests.push({ url: request.url(), method: request.method(), body: request.postData() })
			);
			return Promise.resolve();
		}
	});
	const { page } = live;
	await waitForStatus(page, 'idle');
	let before = 0;
	for (const frames of [EARLY_FRAMES, LATE_FRAMES]) {
		await page.getByTestId('start-camera').click();
		await waitForStatus(page, 'running');
		await waitForResults(page, frames);
		if (frames === LATE_FRAMES) continue;
		await page.getByTestId('stop').click();
		await waitForStatus(page, 'idle');
		tensors.push(await countTensors(live.page));
		before = await page.evaluate(() => window.recordedResults.length);
	}
	longRun = (await page.evaluate(() => window.recordedResults)).slice(before);
}, 1_200_000);

afterAll(() => browser.close());

describe('the live page', () => {
	it('runs isolated, so that WASM has threads', async () => {
		expect(await live.page.evaluate(() => crossOriginIsolated)).toBe(true);
	});

	it('finds one face in more than 95 % of the frames', () => {
		const withFace = longRun.filter(({ faces }) => faces.length === 1);
		console.log(`one face in ${withFace.length} of ${longRun.length} frames`);
		expect(withFace.length / longRun.length).toBeGreaterThan(0.95);
	});

	it('keeps the id of the face', () => {
		const ids = new Set(longRun.flatMap(({ faces }) => faces.map(({ id }) => id)));
		expect(ids.size).toBe(1);
		// The first run had another id; otherwise both would be one face in the timeline.
		expect(ids.has(1)).toBe(false);
	});

	it('shows a label that does not flicker', () => {
		const tops = longRun.flatMap(({ faces }) => faces.map(({ readings }) => readings[manifest.default]?.top));
		expect(tops).not.toContain(undefined);
		const changes = tops.filter((top, index) => index > 0 && top !== tops[index - 1]).length;
		console.log(`${changes} changes of the label in ${tops.length} frames`);
		expect(changes).toBeLessThanOrEqual(2);
	});

	it('shows a bar for each label of the model, with a sum of 1', async () => {
		const [face, ...others] = await shownFaces(live.page);
		expect(others).toEqual([]);
		const entry = manifest.models.find(({ id }) => id === manifest.default);
		expect(Object.keys(face?.bars ?? {})).toEqual(entry?.labels);
		expect(entry?.labels).toContain(face?.label);
		const sum = Object.values(face?.bars ?? {}).reduce((total, value) => total + value, 0);
		expect(sum).toBeCloseTo(1, 2);
	});

	it('offers each model of the manifest once, and the mirror image as a switch in the settings', async () => {
		const { page } = live;
		const classifiers = classifiersOf(manifest);
		const offered = await page
			.getByTestId('model-picker')
			.locator('option')
			.evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
		expect(offered).toEqual(singleViews(classifiers).map(({ id }) => id));
		const mirrored = withView(classifiers, manifest.default, true);
		expect(mirrored).not.toBe(manifest.default);
		await openSettings(page);
		for (const [on, id] of [
			[true, mirrored],
			[false, manifest.default]
		] as const) {
			await page.getByTestId('mirror-view').setChecked(on);
			await expect
				.poll(() => page.evaluate(() => Object.keys(window.recordedResults.at(-1)?.faces[0]?.readings ?? {})))
				.toEqual([id]);
			await expect.poll(() => page.getByTestId('mirror-view').isChecked()).toBe(on);
		}
	});

	it('shows the picture as a mirror, until told not to', async () => {
		const { page } = live;
		const isMirrored = () =>
			page
				.locator('video')
				.evaluate((video) => new DOMMatrix(getComputedStyle(video.parentElement ?? video).transform).a < 0);
		expect(await isMirrored()).toBe(true);
		await page.getByTestId('mirror').click();
		expect(await isMirrored()).toBe(false);
		await page.getByTestId('mirror').click();
		expect(await isMirrored()).toBe(true);
	});

	it('says why it runs on this back end, and why on no other', async () => {
		const { page } = live;
		await page.getByTestId('backend').click();
		const text = await page.locator('details', { has: page.getByTestId('backend') }).innerText();
		for (const name of ['WebGPU', 'WebGL', 'WebAssembly', 'JavaScript']) expect(text).toContain(name);
		expect(text).toMatch(/\d ms for a frame's work|The only one that runs well here/);
	});

	it('says how fast it runs, and on what', async () => {
		const { page } = live;
		expect(Number(await page.getByTestId('fps').getAttribute('data-value'))).toBeGreaterThan(0);
		await expect
			.poll(() => page.getByTestId('backend').getAttribute('data-value'))
			.toMatch(/^(webgpu|webgl|wasm|cpu)$/);
		const stages = page.getByTestId('stage-times').locator('[data-stage]');
		const times = await stages.evaluateAll((all) => all.map((each) => Number((each as HTMLElement).dataset['value'])));
		expect(times.length).toBeGreaterThanOrEqual(4);
		expect(Math.min(...times)).toBeGreaterThanOrEqual(0);
		expect(Math.max(...times)).toBeGreaterThan(0);
		console.log(
			`${await page.getByTestId('fps').innerText()} frames per second on ${await page.getByTestId('backend').innerText()}`
		);
	});

	it('releases the camera when stopped', async () => {
		const { page } = live;
		const states = () => page.evaluate(() => window.recordedTracks.map(({ readyState }) => readyState));
		expect(await states()).toEqual(['ended', 'live']);
		await page.getByTestId('stop').click();
		await waitForStatus(page, 'idle');
		expect(await states()).toEqual(['ended', 'ended']);
		expect(await page.locator('video').count()).toBe(0);
	});

	it('holds as many tensors after 250 frames as after 50', async () => {
		tensors.push(await countTensors(live.page));
		expect(tensors[0]).toBeGreaterThan(0);
		expect(tensors[1]).toBe(tensors[0]);
	});

	it('sends nothing to anyone', () => {
		// The worker's requests are among them; otherwise this would prove nothing.
		expect(requests.map(({ url }) => url)).toContainEqual(expect.stringMatching(/\/models\/.*model-\w+\.json$/));
		const origin = inject('origin');
		const elsewhere = requests.filter(({ url }) => !url.startsWith(`${origin}/`) && !/^(blob|data):/.test(url));
		expect(elsewhere).toEqual([]);
		expect(requests.filter(({ method, body }) => method !== 'GET' || body !== null)).toEqual([]);
	});

	it('cannot send anything to anyone, as its security policy forbids it', async () => {
		const { context, page } = await open(browser, '/');
		const refused = page.waitForEvent('console', (message) => message.text().includes('Content Security Policy'));
		const sent = await page.evaluate(() => fetch('https://example.com/').then(Boolean, () => false));
		expect(sent).toBe(false);
		await refused;
		await context.close();
	});

	it('met no error and no violation of the security policy', () => {
		expect(live.problems).toEqual([]);
	});
});

it('the live page uses the camera that is chosen, and remembers it', async () => {
	const several = await openBrowser({ camera: 'two' });
	const { context, page } = await open(several, '/');
	await waitForStatus(page, 'idle');
	await page.getByTestId('start-camera').click();
	await waitForResults(page, 1);
	const opened = () => page.evaluate(() => window.recordedTracks.map((track) => track.getSettings().deviceId));
	await openSettings(page);
	const picker = page.getByTestId('camera-picker');
	const offered = await picker
		.locator('option')
		.evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
	expect(offered).toHaveLength(2);
	const [first] = await opened();
	await expect.poll(() => picker.inputValue()).toBe(first);
	const other = offered.find((id) => id !== first) ?? '';
	await picker.selectOption(other);
	await expect.poll(opened).toEqual([first, other]);
	await page.reload();
	await waitForStatus(page, 'idle');
	await page.getByTestId('start-camera').click();
	await expect.poll(opened).toEqual([other]);
	await context.close();
	await several.close();
});

it('the live page also runs in browsers without VideoFrame', async () => {
	const { context, page, problems } = await open(browser, '/', {
		viewport: { width: 640, height: 480 },
		prepare: (prepared) => prepared.addInitScript(() => Reflect.deleteProperty(window, 'VideoFrame'))
	});
	await waitForStatus(page, 'idle');
	await page.getByTestId('start-camera').click();
	await waitForResults(page, EARLY_FRAMES);
	const results = (await page.evaluate(() => window.recordedResults)).slice(5);
	expect(results.filter(({ faces }) => faces.length === 1).length / results.length).toBeGreaterThan(0.9);
	// The picture is the same, however it was read: the clip shows the same face in every loop.
	const brightness = (all: readonly FrameResult[]): number => {
		const pixels = all.flatMap(({ faces }) => faces.flatMap(({ input }) => [...input]));
		return pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
	};
	expect(brightness(results) / brightness(longRun)).toBeGreaterThan(0.7);
	expect(brightness(results) / brightness(longRun)).toBeLessThan(1.3);
	expect(problems).toEqual([]);
	await context.close();
});

it('the live page reads a face against how it looks at rest, until that is undone', async () => {
	const { context, page, problems } = await open(browser, '/', { viewport: { width: 900, height: 700 } });
	await waitForStatus(page, 'idle');
	await page.getByTestId('start-camera').click();
	await page.getByTestId('learn-rest').click();
	const status = page.getByTestId('rest-status');
	await status.waitFor();
	// Learning takes three seconds of frames with the face.
	await expect.poll(() => status.getAttribute('data-known'), { timeout: 60_000 }).toBe('true');
	const last = () =>
		page.evaluate(() => {
			const [face] = window.recordedResults.at(-1)?.faces ?? [];
			return Object.values(face?.readings ?? {})[0]?.rest ?? null;
		});
	await expect.poll(last).toBe(1);
	await page.getByTestId('forget-rest').click();
	await page.getByTestId('learn-rest').waitFor();
	await expect.poll(last).toBeNull();
	expect(problems).toEqual([]);
	await context.close();
});
