/** The live page on a moving face of 640x480: start, frames per second, and milliseconds per stage. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import type { FrameResult } from '../../src/lib/core/types';
import type { BackendName } from '../../src/lib/protocol';
import { open, openBrowser, waitForResults, waitForStatus } from '../e2e/browser';

/** The first frames compile and warm caches. */
const WARM_UP_FRAMES = 30;
const FRAMES = 200;

let browser: Browser;
beforeAll(async () => {
	browser = await openBrowser({ camera: 'clip' });
});
afterAll(() => browser.close());

function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function classifyMs({ times }: FrameResult): number {
	return Object.values(times.classify).reduce((a, b) => a + b, 0);
}

/** Milliseconds since the page was opened. */
function pageClock(page: Page): Promise<number> {
	return page.evaluate(() => performance.now());
}

// "auto" is what a visitor gets; the others show what the choice is worth.
const BACKENDS: readonly ('auto' | BackendName)[] = ['auto', 'cpu'];

it.each(BACKENDS)('live on back end %s', async (backend) => {
	const { context, page } = await open(browser, '/', backend === 'auto' ? {} : { backend });
	await waitForStatus(page, 'idle');
	const readyMs = await pageClock(page);
	const startMs = await pageClock(page);
	await page.getByTestId('start-camera').click();
	await page.waitForFunction(() => window.recordedResults.some(({ faces }) => faces.length > 0));
	const firstFaceMs = (await pageClock(page)) - startMs;
	const frames = backend === 'cpu' ? 10 : FRAMES;
	await waitForResults(page, WARM_UP_FRAMES + (backend === 'cpu' ? 0 : frames));
	const results = (await page.evaluate(() => window.recordedResults)).slice(-frames);
	const name = (await page.getByTestId('backend').innerText()).split('\n')[0] ?? '';
	const [first, last] = [results[0], results.at(-1)];
	const seconds = ((last?.timeMs ?? NaN) - (first?.timeMs ?? NaN)) / 1000;
	const stages = {
		read: median(results.map(({ times }) => times.read)),
		detect: median(results.map(({ times }) => times.detect)),
		crop: median(results.map(({ times }) => times.crop)),
		classify: median(results.map(classifyMs)),
		total: median(results.map(({ times }) => times.total)),
		'total, best': Math.min(...results.map(({ times }) => times.total))
	};
	console.log(
		[
			`${backend}: ${name}`,
			`  ready ${readyMs.toFixed(0)} ms after opening the page; first face ${firstFaceMs.toFixed(0)} ms after starting the camera`,
			`  ${((results.length - 1) / seconds).toFixed(1)} frames per second (the camera gives at most 30)`,
			...Object.entries(stages).map(([stage, ms]) => `  ${stage.padEnd(12)} ${ms.toFixed(1)} ms`)
		].join('\n')
	);
	expect(results.every(({ width }) => width > 0)).toBe(true);
	await context.close();
});
