/** The kiosk on a stream that is cut, frozen and damaged, and comes back; what it reads and counts. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, openBrowser, waitForResults } from './browser';
import { farPicture } from './clip';
import { command, expectWorks, exportedLog, killWorker, loggedTotal, openLog, waitForState } from './kiosk';
import { fetchShippedManifest } from './models';
import type { StreamMode } from './streams';

let browser: Browser;
beforeAll(async () => void (browser = await openBrowser()));
afterAll(() => browser.close());

describe('a kiosk on a Motion JPEG stream', () => {
	let context: BrowserContext;
	let page: Page;
	let problems: string[];

	beforeAll(async () => {
		const address =
			'/kiosk?source=mjpeg:/streams/door/mjpeg&operator=Museum&link=https://example.com/about&keep=1&resting=yes';
		({ context, page, problems } = await open(browser, address));
		await expectWorks(page);
	});
	afterAll(() => context.close());

	it('starts by itself and finds the face', async () => {
		await page.locator('[data-testid=kiosk][data-faces="1"]').waitFor();
		expect(await page.getByTestId('kiosk-trouble').count()).toBe(0);
	});

	it('learns how the face looks at rest, and reads it against that', async () => {
		const rest = () =>
			page.evaluate(() =>
				Object.values(window.recordedResults.at(-1)?.faces[0]?.readings ?? {}).map((each) => each.rest)
			);
		await expect.poll(rest).toEqual([1]);
	});

	it('tells the people in view that it reads them, who runs it, and where to read more', async () => {
		const notice = page.getByTestId('kiosk-notice');
		await expect.poll(() => notice.innerText()).toMatch(/reads facial expressions.*Museum/s);
		expect(await notice.innerText()).not.toMatch(/feeling|emotion/i);
		await expect.poll(() => notice.getByRole('img', { name: /example\.com\/about/ }).count()).toBe(1);
	});

	it('has its buttons beside the picture on a phone held sideways', async () => {
		const before = page.viewportSize();
		await page.setViewportSize({ width: 844, height: 390 });
		const overlay = await page.getByTestId('overlay').boundingBox();
		const pictureEnd = 844 / 2 + ((overlay?.height ?? Infinity) * 4) / 3 / 2;
		const buttons = await page.locator('.buttons').boundingBox();
		expect(buttons?.x).toBeGreaterThan(pictureEnd);
		if (before !== null) await page.setViewportSize(before);
	});

	it.each<[StreamMode, string]>([
		['cut', 'Source lost'],
		['freeze', 'Source frozen'],
		['repeat', 'Source frozen'],
		['corrupt', 'Source frozen']
	])('in the mode "%s" says so, counts "%s", and goes on once the stream is back', async (mode, title) => {
		await command('door', `set/${mode}`);
		await waitForState(page, 'retrying');
		await expect.poll(() => page.getByTestId('kiosk-trouble').innerText()).toMatch(/stream|pictures/);
		await expect.poll(() => page.getByTestId('kiosk-incidents').innerText()).toContain(title);
		await command('door', 'set/ok');
		await expectWorks(page);
		expect(await page.getByTestId('kiosk-trouble').count()).toBe(0);
	});

	it('goes on after the worker died', async () => {
		await killWorker(page);
		await expectWorks(page);
	});

	it('leaves what it counted in the log, which exports and erases it', async () => {
		await openLog(page);
		await expect.poll(async () => Number(await page.getByTestId('arrivals').innerText())).toBeGreaterThan(0);
		expect(Number(await page.getByTestId('incident-source-lost').innerText())).toBeGreaterThan(0);
		const csv = await exportedLog(page);
		expect(csv).toMatch(/^\ufeffminute,frames,faces,arrivals/);
		expect(csv.split('\r\n').length).toBeGreaterThan(2);
		await page.getByTestId('erase').click();
		await page.getByTestId('erase-confirm').click();
		await page.locator('[data-testid=kiosk-log][data-minutes="0"]').waitFor();
	});

	it('met no uncaught error and no violation of the security policy', () => {
		expect(
			problems.filter((text) => !/killed by the test|status of 5|Failed to load resource|ERR_/.test(text))
		).toEqual([]);
	});
});

describe('far faces', () => {
	it('of 40 pixels in 1280x720 are read, and those of 20 are too small', async () => {
		const body = await farPicture();
		const { context, page } = await open(browser, '/kiosk?source=snapshot:/far/snapshot&min-face=24&keep=1', {
			prepare: (prepared) =>
				prepared.route(
					({ pathname }) => pathname === '/far/snapshot',
					(route) =>
						// A picture that is the same to the byte would be taken for a frozen camera.
						route.fulfill({ contentType: 'image/jpeg', body: Buffer.concat([body, Buffer.from(String(Date.now()))]) })
				)
		});
		await page.locator('[data-testid=kiosk][data-faces="2"]').waitFor({ timeout: 90_000 });
		const heights = await page.evaluate(() => {
			const { faces = [] } = window.recordedResults.findLast((result) => result.faces.length === 2) ?? {};
			return faces.map(({ box }) => box.height).sort((a, b) => a - b);
		});
		expect(heights[0]).toBeGreaterThan(15);
		expect(heights[0]).toBeLessThan(24);
		expect(heights[1]).toBeGreaterThan(33);
		expect(heights[1]).toBeLessThan(48);
		await openLog(page);
		expect(await loggedTotal(page, 'too_small')).toBe(1);
		await context.close();
	});
});

describe('a face that the model reads below its own limit', () => {
	it.each([
		['counted as unsure', '', true],
		['counted as sure if the address sets a lower limit', '&threshold=0', false]
	])('is %s', async (_, threshold, isUnsure) => {
		const shipped = await fetchShippedManifest();
		const json = { ...shipped, models: shipped.models.map((model) => ({ ...model, unsureBelow: 1 })) };
		const { context, page } = await open(browser, `/kiosk?source=mjpeg:/streams/doubt/mjpeg&keep=1${threshold}`, {
			prepare: (prepared) => prepared.route('**/models/index.json', (route) => route.fulfill({ json }))
		});
		await expectWorks(page);
		await page.locator('[data-testid=kiosk][data-faces="1"]').waitFor();
		await waitForResults(page, (await page.evaluate(() => window.recordedResults.length)) + 10);
		await openLog(page);
		const unsureS = await loggedTotal(page, 'unsure_s');
		if (isUnsure) expect(unsureS).toBeGreaterThan(0);
		else expect(unsureS).toBe(0);
		await context.close();
	});
});

describe('the log of a kiosk', () => {
	it('counts each result once, even if the worker was restarted', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/once/mjpeg&keep=1');
		await expectWorks(page);
		await killWorker(page);
		await expectWorks(page);
		await page.evaluate(() => {
			window.addEventListener('pagehide', () =>
				sessionStorage.setItem('results', String(window.recordedResults.length))
			);
		});
		await openLog(page);
		const results = Number(await page.evaluate(() => sessionStorage.getItem('results')));
		const frames = await loggedTotal(page, 'frames');
		expect(frames).toBeLessThanOrEqual(results);
		// The first frames come before a model is known, and the last one may be under way.
		expect(frames).toBeGreaterThan(results - 5);
		await context.close();
	});
});

describe('an unknown model', () => {
	it('is reported together with the known ones, and another one runs', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/once/mjpeg&model=mein&log=no');
		await expectWorks(page);
		await expect
			.poll(() => page.getByTestId('kiosk-warning').innerText())
			.toMatch(/^There is no model “mein”: mien runs. Known: mien, /);
		await context.close();
	});
});
