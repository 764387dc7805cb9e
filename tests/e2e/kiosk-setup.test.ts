/** Kiosk addresses: wrong ones, and those that the set-up page builds. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { MEDIA, violations } from './axe';
import { expectExportsInView, open, openBrowser } from './browser';
import { command } from './kiosk';

let browser: Browser;
beforeAll(async () => void (browser = await openBrowser()));
afterAll(() => browser.close());

describe('kiosk addresses', () => {
	it('that are wrong say what is allowed, and run nothing', async () => {
		const { context, page, problems } = await open(
			browser,
			'/kiosk?source=mjpeg://x.example/a+b?channel=[1]&stream=2&show=figures&rotate=1&text=<img src=x>%0A.'
		);
		const list = page.getByTestId('problems');
		await list.waitFor();
		const named = await list
			.locator('li')
			.evaluateAll((items) => items.map((item) => (item as HTMLElement).dataset['parameter']));
		expect(named).toEqual(['source', 'stream', 'rotate', 'text']);
		await expect.poll(() => list.innerText()).toContain('Use one of 0, 90, 180, 270');
		expect(await list.locator('img').count()).toBe(0);
		// What was right is kept, and what is wrong is shown where it can be corrected.
		await page.getByRole('link', { name: 'Set up a kiosk' }).click();
		await expect.poll(() => page.getByTestId('source-rest').inputValue()).toBe('//x.example/a+b?channel=[1]&stream=2');
		await expect.poll(() => page.getByTestId('camera-fields').innerText()).toContain('Use one of 0, 90, 180, 270');
		expect(problems).toEqual([]);
		await context.close();
	});

	it.each(['/kiosk/setup', '/kiosk/log', '/kiosk'])(
		'such as %s have no serious axe violation on a phone in any colour scheme',
		async (path) => {
			const { context, page } = await open(browser, path, {
				reducedMotion: 'reduce',
				viewport: { width: 360, height: 740 }
			});
			for (const media of MEDIA) {
				await page.emulateMedia(media);
				await page.locator('#content').waitFor();
				// Only colours differ.
				expect(await violations(page, media === MEDIA[0] ? undefined : ['color-contrast'])).toEqual([]);
			}
			if (path === '/kiosk/log') await expectExportsInView(page);
			const { scrollWidth, clientWidth } = await page.evaluate(() => ({
				scrollWidth: document.documentElement.scrollWidth,
				clientWidth: document.documentElement.clientWidth
			}));
			expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
			await context.close();
		}
	);

	it('are built on the set-up page, which says where kiosks are prohibited', async () => {
		const { context, page } = await open(browser, '/kiosk/setup');
		await expect
			.poll(() => page.getByTestId('setup').innerText())
			.toMatch(/work or in education.*prohibited.*Article 50\(3\)/s);
		await page.getByTestId('source-kind').selectOption('mjpeg');
		await page.getByTestId('source-rest').fill('/streams/a/mjpeg');
		await page.getByTestId('set-show').selectOption('figures');
		// By keyboard: the page may still be growing under the pointer.
		await page.getByTestId('advanced').locator('summary').press('Enter');
		await page.getByTestId('set-keep').fill('999');
		await expect.poll(() => page.getByTestId('problems').innerText()).toMatch(/^Keep for \(days\) .*from 1 to 60/);
		await expect.poll(() => page.getByTestId('open-kiosk').isDisabled()).toBe(true);
		await page.getByTestId('set-keep').fill('14');
		await expect.poll(() => page.getByTestId('set-keep').isVisible()).toBe(true);
		await expect
			.poll(() => page.getByTestId('address').innerText())
			.toBe(`${inject('origin')}/kiosk?source=mjpeg%3A%2Fstreams%2Fa%2Fmjpeg&show=figures&keep=14`);
		await page.getByRole('navigation', { name: 'Kiosk' }).getByRole('link', { name: 'Log' }).click();
		await page.getByTestId('kiosk-log').waitFor();
		await context.close();
	});

	it('of RTSP and of other hosts come with the commands that bring them here', async () => {
		const { context, page } = await open(browser, '/kiosk/setup');
		await page.getByTestId('source-kind').selectOption('mjpeg');
		await page.getByTestId('source-rest').fill('rtsp://admin:s3cret@10.0.0.20/Streaming/Channels/101');
		const commands = () => page.getByTestId('command').allInnerTexts();
		expect(await commands()).toEqual([
			expect.stringContaining('rtsp://NAME:PASSWORD@10.0.0.20/Streaming/Channels/101'),
			'npm start -- --host --proxy /camera=http://127.0.0.1:1984'
		]);
		expect(await page.getByTestId('setup').innerText()).not.toContain('s3cret');
		await page.getByTestId('use-bridge').click();
		await expect
			.poll(() => page.getByTestId('address').innerText())
			.toContain('source=gateway%3A%2Fcamera%3Fsrc%3Dcamera');
		await page.getByTestId('source-kind').selectOption('snapshot');
		await page.getByTestId('source-rest').fill('http://10.0.0.20/snap.jpg?a=1&b=2');
		expect(await commands()).toEqual(['npm start -- --host --proxy /camera=http://10.0.0.20']);
		await page.getByTestId('use-bridge').click();
		await expect
			.poll(() => page.getByTestId('address').innerText())
			.toContain('snapshot%3A%2Fcamera%2Fsnap.jpg%3Fa%3D1%26b%3D2');
		await page.getByTestId('source-rest').fill('http://10.0.0.20/api.cgi?cmd=Snap&user=me&password=s3cret');
		expect(await commands()).toEqual([
			"npm start -- --host --proxy '/camera=http://10.0.0.20?user=NAME&password=PASSWORD'"
		]);
		await page.setViewportSize({ width: 320, height: 700 });
		expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
		await page.getByTestId('use-bridge').click();
		await expect.poll(() => page.getByTestId('address').innerText()).toMatch(/api\.cgi%3Fcmd%3DSnap(&|$)/);
		await page.getByTestId('source-rest').fill('/camera/api.cgi?cmd=Snap&password=s3cret');
		await page.getByTestId('tells-password').waitFor();
		await context.close();
	});

	it('are tested on the set-up page: the picture appears, and its region can be drawn on it', async () => {
		const { context, page } = await open(browser, '/kiosk/setup?source=mjpeg:/streams/try/mjpeg');
		await page.getByTestId('test').click();
		await page.locator('[data-testid=camera-test][data-state=picture]').waitFor();
		const picture = page.getByTestId('camera-test').locator('svg').first();
		await picture.scrollIntoViewIfNeeded();
		const box = await picture.boundingBox();
		if (box === null) throw new Error('there is no picture');
		await page.mouse.move(box.x + 0.25 * box.width, box.y + 0.1 * box.height);
		await page.mouse.down();
		await page.mouse.move(box.x + 0.75 * box.width, box.y + 0.9 * box.height, { steps: 4 });
		await page.mouse.up();
		await expect
			.poll(() => page.getByTestId('set-region').inputValue())
			.toMatch(/^2[456],(9|10|11),(49|50|51),(79|80|81)$/);
		await command('try', 'set/cut');
		await page.locator('[data-testid=camera-test][data-state=failed]').waitFor();
		await command('try', 'set/ok');
		await context.close();
	});

	it('of several cameras are built on the set-up page, too', async () => {
		const { context, page } = await open(browser, '/kiosk/setup?source=mjpeg:/streams/one/mjpeg');
		await page.getByTestId('add-camera').click();
		await page.getByTestId('source-rest').nth(1).fill('/streams/two/mjpeg');
		await page.getByTestId('set-name').nth(1).fill('Yard');
		expect(new URL(await page.getByTestId('address').innerText()).search).toBe(
			'?source=mjpeg%3A%2Fstreams%2Fone%2Fmjpeg&source=mjpeg%3A%2Fstreams%2Ftwo%2Fmjpeg&name=&name=Yard'
		);
		await context.close();
	});
});
