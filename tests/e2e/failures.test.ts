/** Failures are explained in a sentence with a remedy, and the page goes on. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type ErrorCode, EXPLANATIONS } from '../../src/lib/errors';
import { open, openBrowser, shownError, shownFaces, waitForResults, waitForStatus } from './browser';
import { hurry } from './kiosk';
import { closeUp, EMPTY, TEXT_NAMED_JPG } from './pictures';

/** Waits for the sentence and the remedy of this error. */
async function expectError(page: Page, code: ErrorCode): Promise<void> {
	const text = await shownError(page, code);
	expect(text).toContain(EXPLANATIONS[code].sentence);
	expect(text).toContain(EXPLANATIONS[code].remedy);
}

/** Expects the page to go on: a picture is analysed. */
async function expectSampleWorks(page: Page): Promise<void> {
	await page.getByTestId('sample').click();
	await waitForStatus(page, 'done');
	expect(await shownFaces(page)).toHaveLength(1);
}

async function startCamera(page: Page): Promise<void> {
	await waitForStatus(page, 'idle');
	await page.getByTestId('start-camera').click();
}

/** One with a camera that plays the face, one without a camera; shared by tests that need no camera of their own. */
let withCamera: Browser;
let without: Browser;
beforeAll(async () => {
	withCamera = await openBrowser({ camera: 'clip' });
	without = await openBrowser({ camera: 'none' });
});
afterAll(async () => {
	await withCamera.close();
	await without.close();
});

describe('a failing camera is explained and the page goes on', () => {
	it('when access is denied', async () => {
		const browser = await openBrowser({ camera: 'denied' });
		const { page } = await open(browser, '/');
		await startCamera(page);
		await expectError(page, 'camera-denied');
		await expectSampleWorks(page);
		await browser.close();
	});

	it('when there is no camera', async () => {
		const { context, page } = await open(without, '/');
		await startCamera(page);
		await expectError(page, 'camera-missing');
		await page.getByRole('button', { name: 'Dismiss' }).click();
		// The focus moves to the page, where the next key press continues.
		expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
		await expectSampleWorks(page);
		await context.close();
	});

	it('when another program uses it', async () => {
		const { context, page } = await open(withCamera, '/');
		await page.evaluate(() => {
			navigator.mediaDevices.getUserMedia = () =>
				Promise.reject(new DOMException('Could not start video source', 'NotReadableError'));
		});
		await startCamera(page);
		await expectError(page, 'camera-busy');
		await expectSampleWorks(page);
		await context.close();
	});

	it('when it is unplugged while running', async () => {
		const { context, page } = await open(withCamera, '/');
		await startCamera(page);
		await waitForResults(page, 1);
		await page.evaluate(() => {
			for (const track of window.recordedTracks) {
				track.stop();
				track.dispatchEvent(new Event('ended'));
			}
		});
		await expectError(page, 'camera-lost');
		await expectSampleWorks(page);
		await context.close();
	});

	it('when the page is not secure', async () => {
		const insecure = 'http://mien.test';
		const { context, page } = await open(withCamera, `${insecure}/`, {
			prepare: (context) =>
				context.route(`${insecure}/**`, async (route) => {
					const url = route.request().url().replace(insecure, inject('origin'));
					const answer = await fetch(url);
					await route.fulfill({
						status: answer.status,
						headers: Object.fromEntries(answer.headers),
						body: Buffer.from(await answer.arrayBuffer())
					});
				})
		});
		await startCamera(page);
		await expectError(page, 'insecure-context');
		await expectSampleWorks(page);
		await context.close();
	});
});

it('a page whose scripts have loaded does not say that it is starting', async () => {
	const { context, page } = await open(without, 'about:blank');
	for (const path of [
		'/',
		'/photo',
		'/compare',
		'/compare/benchmark',
		'/kiosk?log=no',
		'/kiosk?rotate=1',
		'/kiosk/setup',
		'/kiosk/log'
	]) {
		await page.goto(path);
		await page.locator('main').waitFor();
		expect(await page.getByText('Mien is starting').isVisible(), path).toBe(false);
	}
	await context.close();
});

it('an unknown address says so and leads to the live page', async () => {
	const { context, page } = await open(without, '/no-such-page');
	await page.getByRole('heading', { name: 'Page not found' }).waitFor();
	expect(await page.getByText('Mien is starting').isVisible()).toBe(false);
	await page.getByRole('link', { name: 'Go to Live' }).click();
	await waitForStatus(page, 'idle');
	await context.close();
});

it('a picture that cannot be read is explained, and the next one is read', async () => {
	const { context, page } = await open(without, '/photo');
	await waitForStatus(page, 'idle');
	const input = page.getByTestId('file-input');
	for (const [file, code] of [
		[TEXT_NAMED_JPG, 'picture-other'],
		[EMPTY, 'picture-empty']
	] as const) {
		await input.setInputFiles(file);
		await expectError(page, code);
		await input.setInputFiles(await closeUp(200, 1));
		await waitForStatus(page, 'done');
		expect(await shownFaces(page)).toHaveLength(1);
		expect(await page.getByTestId('error').count()).toBe(0);
	}
	await context.close();
});

describe('the analysis worker', () => {
	const DEATHS: [string, ErrorCode, () => void][] = [
		[
			'dies',
			'worker-died',
			() => {
				setTimeout(() => {
					throw new Error('killed by the test');
				});
			}
		],
		['falls silent', 'worker-timeout', () => self.close()]
	];

	it.each(DEATHS)('%s: the page shows %s and starts another one', async (_, code, kill) => {
		const { context, page } = await open(withCamera, '/', { prepare: hurry });
		await startCamera(page);
		await waitForResults(page, 5);
		const worker = page.workers().find((each) => each.url().includes('analyser'));
		await worker?.evaluate(kill);
		await expectError(page, code);
		const before = await page.evaluate(() => window.recordedResults.length);
		await waitForResults(page, before + 5);
		await waitForStatus(page, 'running');
		expect(await shownFaces(page)).toHaveLength(1);
		await context.close();
	});
});
