/**
 * The page on this machine: how soon it shows a result, and how long a frame with one and with four faces takes, near
 * ones on the live page and far ones on the kiosk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Response } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { FrameResult } from '../../src/lib/core/types';
import type { BackendName } from '../../src/lib/protocol';
import { open, openBrowser, waitForResults, waitForStatus } from '../e2e/browser';
import { clipFrames, farFrames, writeClip } from '../e2e/clip';
import { median } from './figures';

const COLD_STARTS = 5;
/** The first frames compile and warm caches. */
const WARM_UP_FRAMES = 30;
const FRAMES = 200;
/** Plain JavaScript is so slow that a few frames must do. */
const SLOW_FRAMES = 10;

const folder = mkdtempSync(join(tmpdir(), 'mien-bench-'));
const HD = { width: 1280, height: 720 };
const CLIPS = {
	'one face, 640x480': () => clipFrames(),
	'four faces, 640x480': () => clipFrames({ columns: 2 }),
	'four faces, 1280x720': () => clipFrames({ columns: 2, size: HD }),
	'four far faces, 1280x720': farFrames
};
afterAll(() => rmSync(folder, { recursive: true }));

function print(title: string, lines: readonly string[]): void {
	console.log([title, ...lines.map((line) => `  ${line}`)].join('\n'));
}

function figures(title: string, values: readonly number[]): string {
	const best = Math.min(...values);
	return `${title.padEnd(12)} ${median(values).toFixed(1).padStart(7)} ms (best ${best.toFixed(1)})`;
}

async function megabytes(responses: readonly Response[]): Promise<string> {
	const bodies = await Promise.all(responses.map((response) => response.body()));
	const sizes = [bodies.map(({ length }) => length), bodies.map((body) => gzipSync(body).length)];
	const [plain, zipped] = sizes.map((each) => (each.reduce((sum, bytes) => sum + bytes, 0) / 1e6).toFixed(2));
	return `${bodies.length} files, ${plain ?? ''} MB, ${zipped ?? ''} MB with gzip`;
}

/** Runs in the page: presses the button of the sample picture as soon as it is there. */
function pressSample(): void {
	const observer = new MutationObserver(() => {
		const button = document.querySelector<HTMLButtonElement>('[data-testid=sample]');
		if (button === null || button.disabled) return;
		observer.disconnect();
		button.click();
	});
	observer.observe(document, { subtree: true, childList: true, attributes: true });
}

it('cold start, from an empty cache to the first result of the sample picture', async () => {
	const browser = await openBrowser();
	const firstResultMs: number[] = [];
	let loaded = '';
	for (let start = 0; start < COLD_STARTS; start++) {
		const responses: Response[] = [];
		const { context, page } = await open(browser, '/', {
			prepare: (prepared) => {
				prepared.on('response', (response) => responses.push(response));
				return prepared.addInitScript(pressSample);
			}
		});
		await waitForResults(page, 1);
		firstResultMs.push(Number(await page.evaluate(() => window.firstResultMs)));
		loaded = await megabytes(responses.filter((response) => response.url().startsWith(inject('origin'))));
		await context.close();
	}
	print('Cold start', [figures('first result', firstResultMs), loaded]);
	await browser.close();
});

type Page = 'live' | 'kiosk';

// "auto" is what a visitor gets; the other shows what choosing is worth.
describe.each<[clip: keyof typeof CLIPS, page: Page, backend: 'auto' | BackendName]>([
	['one face, 640x480', 'live', 'auto'],
	['four faces, 640x480', 'live', 'auto'],
	['four faces, 1280x720', 'live', 'auto'],
	['four far faces, 1280x720', 'kiosk', 'auto'],
	['one face, 640x480', 'live', 'cpu']
])('%s, %s page, back end %s', (clip, where, backend) => {
	const path = join(folder, 'clip.mjpeg');
	beforeAll(async () => writeClip(path, await CLIPS[clip]()));

	it('milliseconds a frame', async () => {
		const frames = backend === 'cpu' ? SLOW_FRAMES : FRAMES;
		const faces = clip.startsWith('four') ? 4 : 1;
		const browser = await openBrowser({ camera: 'clip', clip: path });
		const address = where === 'live' ? '/' : '/kiosk?source=camera&log=no';
		const { page } = await open(browser, address, backend === 'auto' ? {} : { backend });
		let report = '';
		if (where === 'live') {
			await waitForStatus(page, 'idle');
			await page.getByTestId('start-camera').click();
			report = `, ${(await page.getByTestId('backend').innerText()).split('\n')[0] ?? ''}`;
		} else await page.locator(`[data-testid=kiosk][data-faces="${faces}"]`).waitFor();
		const shown = await page.evaluate(() => window.recordedResults.length);
		await waitForResults(page, shown + (backend === 'cpu' ? 0 : WARM_UP_FRAMES) + frames);
		const results = (await page.evaluate(() => window.recordedResults)).slice(-frames);
		const seconds = ((results.at(-1)?.timeMs ?? NaN) - (results[0]?.timeMs ?? NaN)) / 1000;
		const stages: Record<string, (result: FrameResult) => number> = {
			read: ({ times }) => times.read,
			detect: ({ times }) => times.detect,
			crop: ({ times }) => times.crop,
			classify: ({ times }) => Object.values(times.classify).reduce((sum, ms) => sum + ms, 0),
			total: ({ times }) => times.total
		};
		print(`${clip}, ${where} page, back end ${backend}${report}`, [
			`${((results.length - 1) / seconds).toFixed(1)} frames per second (the camera gives at most 30)`,
			...Object.entries(stages).map(([title, read]) => figures(title, results.map(read)))
		]);
		expect(median(results.map((result) => result.faces.length))).toBe(faces);
		if (clip.endsWith('1280x720')) expect(results[0]).toMatchObject(HD);
		await browser.close();
	});
});
