/** What a kiosk does for itself: reloads as a last resort, keeps the screen on, recovers from sleep and hiding. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freeze, open, openBrowser } from './browser';
import { expectWorks } from './kiosk';

const ADDRESS = '/kiosk?source=mjpeg:/streams/care/mjpeg&log=no';
const CLASSIFIER = /\/models\/(?!blazeface)[^/]+\/.*\.(json|bin)$/;

/** The memory is used up after this many. */
const COUNTED_FRAMES = 20;

let browser: Browser;
beforeAll(async () => void (browser = await openBrowser()));
afterAll(() => browser.close());

function incidents(page: Page): Promise<string> {
	return page.getByTestId('kiosk-incidents').innerText();
}

/** Counts how often the page was opened. */
function countLoads(page: Page): () => number {
	let loads = 0;
	page.on('load', () => loads++);
	return () => loads;
}

/** As if the browser said that the page's scripts hold 900 MB. */
function pretendHeap(): void {
	Object.defineProperty(performance, 'memory', { value: { usedJSHeapSize: 900e6 } });
}

/** Grants locks this much later, as a busy machine does. */
function delayLocks(ms: number): void {
	const request = navigator.locks.request.bind(navigator.locks) as (...args: unknown[]) => Promise<unknown>;
	const later = async (...args: unknown[]): Promise<unknown> => {
		await new Promise((resolve) => setTimeout(resolve, ms));
		return request(...args);
	};
	Object.defineProperty(navigator.locks, 'request', { value: later });
}

describe('a kiosk reloads its page', () => {
	it.each([
		['once when its memory grows over the limit', 0],
		['and counts the reason, even if a slow browser has not said yet whose turn it is to count', 2500]
	])('%s', async (_, lockDelayMs) => {
		const { context, page } = await open(browser, 'about:blank', {
			prepare: async (prepared) => {
				await prepared.addInitScript(pretendHeap);
				await prepared.addInitScript(delayLocks, lockDelayMs);
			}
		});
		const loads = countLoads(page);
		await page.goto(ADDRESS);
		await expect.poll(loads).toBe(2);
		await expectWorks(page);
		expect(loads()).toBe(2);
		expect(await incidents(page)).toContain('Memory 1');
		await context.close();
	});

	it('and keeps all that was counted, which is in the log', async () => {
		const { context, page } = await open(browser, 'about:blank', {
			prepare: (prepared) =>
				prepared.addInitScript((frames) => {
					const memory = {
						get usedJSHeapSize() {
							return window.recordedResults.length > frames ? 900e6 : 50e6;
						}
					};
					Object.defineProperty(performance, 'memory', { value: memory });
				}, COUNTED_FRAMES)
		});
		const loads = countLoads(page);
		await page.goto(ADDRESS.replace('log=no', 'log=yes'));
		await expect.poll(loads, { timeout: 60_000 }).toBe(2);
		// Read by another page, as leaving this one would store what it counted.
		const log = await context.newPage();
		await log.goto('/kiosk/log');
		const frames = log.locator('dl div', { hasText: 'Frames' }).locator('dd');
		expect(Number((await frames.innerText()).replace(/\D/g, ''))).toBeGreaterThanOrEqual(COUNTED_FRAMES);
		await context.close();
	});

	it('but not while the server is away: the current page runs on', async () => {
		const { context, page } = await open(browser, 'about:blank', {
			prepare: async (prepared) => {
				await prepared.addInitScript(pretendHeap);
				await prepared.route('**/kiosk', (route) => route.abort());
			}
		});
		const loads = countLoads(page);
		await page.goto(ADDRESS);
		await expectWorks(page);
		await expect.poll(() => incidents(page)).toContain('Memory 1');
		await expectWorks(page);
		expect(loads()).toBe(1);
		await context.close();
	});

	it('when the model could not be loaded after some tries, and then runs', async () => {
		const { context, page } = await open(browser, 'about:blank', {
			prepare: (prepared) => prepared.route(CLASSIFIER, (route) => route.fulfill({ status: 404, body: '' }))
		});
		const loads = countLoads(page);
		await page.goto(ADDRESS);
		await expect.poll(loads, { timeout: 120_000 }).toBe(2);
		await context.unrouteAll();
		await expectWorks(page);
		expect(await incidents(page)).toContain('Analysis failed');
		await context.close();
	});
});

describe('the screen of a kiosk', () => {
	it('is kept on, also after the page was hidden', async () => {
		const { context, page } = await open(browser, ADDRESS, {
			prepare: (prepared) =>
				prepared.addInitScript(() => {
					const asked: WakeLockSentinel[] = [];
					Object.assign(window, { asked });
					const request = navigator.wakeLock.request.bind(navigator.wakeLock);
					navigator.wakeLock.request = async (type) => {
						const sentinel = await request(type);
						asked.push(sentinel);
						return sentinel;
					};
				})
		});
		const held = () =>
			page.evaluate(() => (window as unknown as { asked: WakeLockSentinel[] }).asked.map(({ released }) => !released));
		await expect.poll(held).toEqual([true]);
		// What browsers do when a page is hidden.
		await page.evaluate(() => (window as unknown as { asked: WakeLockSentinel[] }).asked[0]?.release());
		await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
		await expect.poll(held).toEqual([false, true]);
		await context.close();
	});

	it('is filled and left by a button, and hides the cursor when nobody moves it', async () => {
		const { context, page } = await open(browser, ADDRESS);
		const cursor = () => page.getByTestId('kiosk').evaluate((main) => getComputedStyle(main).cursor);
		await page.getByTestId('kiosk').waitFor();
		expect(await cursor()).toBe('none');
		await page.mouse.move(200, 200);
		await page.mouse.move(210, 210);
		await expect.poll(cursor).not.toBe('none');
		await page.getByTestId('fullscreen').click();
		const isFull = () => page.evaluate(() => document.fullscreenElement?.id ?? null);
		await expect.poll(isFull).toBe('content');
		await page.getByRole('button', { name: 'Leave full screen' }).click();
		await expect.poll(isFull).toBeNull();
		await page.evaluate(() => (document.activeElement as HTMLElement).blur());
		await expect.poll(cursor).toBe('none');
		await context.close();
	});
});

describe('a kiosk recovers', () => {
	it('from sleep, which it counts', async () => {
		const { context, page } = await open(browser, ADDRESS);
		await expectWorks(page);
		await page.evaluate(() => {
			const now = Date.now.bind(Date);
			Date.now = () => now() + 8 * 3.6e6;
		});
		await expect.poll(() => incidents(page)).toContain('Slept 1');
		await expectWorks(page);
		await context.close();
	});

	it('from being frozen by the browser, as hidden pages are', async () => {
		const { context, page } = await open(browser, ADDRESS);
		await expectWorks(page);
		await freeze(page, 3000);
		await expectWorks(page);
		await context.close();
	});

	it('from a crash of the graphics process, on WebGL', async () => {
		const own = await openBrowser();
		const { page } = await open(own, ADDRESS, { backend: 'webgl' });
		await expectWorks(page);
		const crash = await own.newBrowserCDPSession();
		await crash.send('Browser.crashGpuProcess');
		await expect.poll(() => incidents(page)).toContain('Graphics card lost 1');
		await expectWorks(page);
		await own.close();
	});
});
