/** What a page shows and does before its code is there. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, openBrowser, shownFaces, waitForStatus } from './browser';

let browser: Browser;

beforeAll(async () => {
	browser = await openBrowser();
});
afterAll(() => browser.close());

declare global {
	interface Window {
		/** Cumulative layout shift: the share of the screen that moved, times the distance. */
		shifted: number;
	}
}

describe('a page that is loading', () => {
	it('does not move what is already shown', async () => {
		const { context, page } = await open(browser, '/', {
			viewport: { width: 768, height: 900 },
			prepare: (prepared) =>
				prepared.addInitScript(() => {
					window.shifted = 0;
					new PerformanceObserver((list) => {
						for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[])
							window.shifted += entry.value;
					}).observe({ type: 'layout-shift', buffered: true });
				})
		});
		for (const [path, last] of [
			['/', 'main[data-status=idle]'],
			['/photo', 'main[data-status=idle]'],
			['/film', 'main[data-status] [data-testid=model-picker] option:not([value=""])'],
			['/compare', '[data-testid=accuracy-chart]'],
			['/compare/benchmark', '[data-testid=bench-model]'],
			['/kiosk/setup', '[data-testid=address]']
		] as const) {
			if (path !== '/') await page.goto(path);
			await page.locator(last).first().waitFor({ state: 'attached' });
			await page.waitForTimeout(300);
			// A card that moves by one line shifts more.
			expect(await page.evaluate(() => window.shifted), path).toBeLessThan(0.003);
		}
		await context.close();
	});
});

describe('a page whose code has not loaded', () => {
	const PAGES = ['/', '/photo', '/film', '/compare', '/compare/benchmark'];
	it.each(PAGES)('shows its header, its title and why it needs JavaScript, on %s', async (path) => {
		const { context, page } = await open(browser, path, { javaScriptEnabled: false });
		await expect.poll(() => page.getByRole('navigation').getByRole('link').count()).toBe(5);
		await expect.poll(() => page.locator('main h1').isVisible()).toBe(true);
		await expect.poll(() => page.locator('.no-script').isVisible()).toBe(true);
		if (path === '/')
			for (const label of ['Angry', 'Disgust', 'Fear', 'Happy', 'Sad', 'Surprise', 'Neutral'])
				expect(await page.getByText(label, { exact: true }).first().isVisible(), label).toBe(true);
		await context.close();
	});

	it('remembers a click on a button, and acts on it once it can', async () => {
		let release = (): void => undefined;
		const released = new Promise<void>((resolve) => (release = resolve));
		const { context, page, problems } = await open(browser, '/', {
			prepare: async (prepared) => {
				await prepared.route('**/_app/immutable/entry/*.js', async (route) => {
					await released;
					await route.continue();
				});
			}
		});
		await page.getByTestId('sample').click();
		await expect.poll(() => page.getByTestId('workbench').getAttribute('data-status')).toBe('loading');
		release();
		await waitForStatus(page, 'done');
		expect(await shownFaces(page)).toHaveLength(1);
		expect(problems).toEqual([]);
		await context.close();
	});

	it.each([
		['/', 'face.png', '[data-testid=queue][data-open="0"]'],
		['/photo', 'face.png', '[data-testid=queue][data-open="0"]'],
		['/film', 'cut.mp4', '[data-testid=film]'],
		['/compare', 'face.png', '[data-testid=accuracy-chart]']
	])('keeps a file dropped on %s until it can take it', async (path, name, taken) => {
		let release = (): void => undefined;
		const released = new Promise<void>((resolve) => (release = resolve));
		const { context, page, problems } = await open(browser, path, {
			prepare: (prepared) =>
				prepared.route('**/_app/immutable/entry/*.js', async (route) => {
					await released;
					await route.continue();
				})
		});
		const kept = await page.evaluate((fileName) => {
			const dataTransfer = new DataTransfer();
			dataTransfer.items.add(new File(['neither a picture nor a film'], fileName));
			return ['dragover', 'drop'].map((type) => {
				const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
				document.body.dispatchEvent(event);
				return event.defaultPrevented;
			});
		}, name);
		expect(kept).toEqual([true, true]);
		release();
		await page.locator(taken).first().waitFor({ state: 'attached' });
		if (path === '/compare') {
			await page.getByRole('link', { name: 'Photos' }).first().click();
			await waitForStatus(page, 'idle');
			expect(await page.locator('[data-testid=queue]').count()).toBe(0);
		}
		expect(problems).toEqual([]);
		await context.close();
	});

	it.each([
		'workers/chunks/*.js',
		'*.wasm',
		'models/index.json',
		'blazeface/model-*.json',
		'blazeface/weights-*.bin',
		'mien/model-*.json',
		'mien/weights-*.bin'
	])('starts on a line on which %s comes long after the rest', async (late) => {
		let held = 0;
		const { context, page, problems } = await open(browser, '/', {
			prepare: (prepared) =>
				prepared.route(`**/${late}`, async (route) => {
					held++;
					const [loading] = prepared.pages();
					// What reads a face comes last on a slow line, when all else has been ready for a while.
					if (late.startsWith('mien/')) await loading?.getByText('Engine: WebAssembly').waitFor({ state: 'attached' });
					await loading?.waitForTimeout(1500);
					await route.continue();
				})
		});
		await page.getByTestId('sample').click();
		await waitForStatus(page, 'done');
		expect(await shownFaces(page)).toHaveLength(1);
		expect(held).toBeGreaterThan(0);
		expect(problems).toEqual([]);
		await context.close();
	});

	it('requests the files for the first result before its own code runs, each once', async () => {
		const urls: string[] = [];
		let ran = false;
		const { context, page } = await open(browser, '/', {
			prepare: async (prepared) => {
				prepared.on('request', (request) => {
					if (!ran && request.url().includes('/models/')) urls.push(new URL(request.url()).pathname);
				});
				await prepared.route('**/_app/immutable/entry/*.js', async (route) => {
					await expect.poll(() => urls.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(5);
					ran = true;
					await route.continue();
				});
			}
		});
		await waitForStatus(page, 'idle');
		expect(urls.filter((url) => url.endsWith('index.json'))).toHaveLength(1);
		expect(new Set(urls).size).toBe(urls.length);
		await context.close();
	});
});
