/** The kiosk's log: with two pages, on a full disk, in a database that dies, and on a page that is left. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, openBrowser } from './browser';
import { expectWorks, loggedTotal, openLog } from './kiosk';

declare global {
	interface Window {
		diskIsFull?: boolean;
	}
}

let browser: Browser;
beforeAll(async () => void (browser = await openBrowser()));
afterAll(() => browser.close());

describe('a second page of a kiosk, such as a preview,', () => {
	const ADDRESS = '/kiosk?source=mjpeg:/streams/twice/mjpeg&keep=1';
	const isHidden = (page: Page, hidden: boolean) =>
		page.evaluate(
			(state) => {
				Object.defineProperty(document, 'visibilityState', { get: () => state, configurable: true });
				document.dispatchEvent(new Event('visibilitychange'));
			},
			hidden ? 'hidden' : 'visible'
		);

	it('counts nothing that the first one counts, and takes over when that one closes', async () => {
		const { context, page } = await open(browser, ADDRESS);
		await expectWorks(page);
		expect(await page.getByTestId('kiosk-warning').count()).toBe(0);
		const second = await context.newPage();
		await second.goto(ADDRESS);
		await expectWorks(second);
		await expect.poll(() => second.getByTestId('kiosk-warning').innerText()).toBe('Another tab counts');
		const frames = await page.evaluate(() => window.recordedResults.length);
		await page.close();
		await second.getByTestId('kiosk-warning').waitFor({ state: 'detached' });
		await expectWorks(second);
		const least = frames + 4;
		const most = frames + (await second.evaluate(() => window.recordedResults.length));
		await openLog(second);
		const counted = await loggedTotal(second, 'frames');
		expect(counted).toBeGreaterThanOrEqual(least);
		expect(counted).toBeLessThan(most);
		await context.close();
	});

	it('takes over from one that is hidden, and hands back when it is hidden itself', async () => {
		const { context, page } = await open(browser, ADDRESS);
		await expectWorks(page);
		const second = await context.newPage();
		await second.goto(ADDRESS);
		await second.getByTestId('kiosk-warning').waitFor();
		await isHidden(page, true);
		await second.getByTestId('kiosk-warning').waitFor({ state: 'detached' });
		await expect.poll(() => page.getByTestId('kiosk-warning').count()).toBe(1);
		await isHidden(page, false);
		await isHidden(second, true);
		await page.getByTestId('kiosk-warning').waitFor({ state: 'detached' });
		await context.close();
	});

	it('counts alongside the first one if it has another source', async () => {
		const { context, page } = await open(browser, ADDRESS);
		await expectWorks(page);
		const other = await context.newPage();
		await other.goto('/kiosk?source=mjpeg:/streams/other/mjpeg&keep=1');
		await expectWorks(other);
		expect(await other.getByTestId('kiosk-warning').count()).toBe(0);
		await context.close();
	});
});

describe('a log that cannot be written', () => {
	it('is reported on the screen, and is written once it can be', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/full/mjpeg&keep=1', {
			prepare: (prepared) =>
				prepared.addInitScript(() => {
					const now = Date.now.bind(Date);
					const startMs = now();
					// A minute passes in three seconds.
					Date.now = () => startMs + 20 * (now() - startMs);
					window.diskIsFull = true;
					const { put } = IDBObjectStore.prototype as {
						put: (this: IDBObjectStore, value: unknown) => IDBRequest<IDBValidKey>;
					};
					IDBObjectStore.prototype.put = function (value) {
						if (window.diskIsFull === true) throw new DOMException('The disk is full', 'QuotaExceededError');
						return put.call(this, value);
					};
				})
		});
		await expectWorks(page);
		await expect
			.poll(() => page.getByTestId('kiosk-warning').innerText())
			.toMatch(/^Log cannot be written, \d+ min wait$/);
		await page.evaluate(() => (window.diskIsFull = false));
		await page.getByTestId('kiosk-warning').waitFor({ state: 'detached' });
		await context.close();
	});
});

describe('a log whose database dies', () => {
	it('is reopened, and loses no minute', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/dead/mjpeg&keep=1', {
			prepare: (prepared) =>
				prepared.addInitScript(() => {
					const now = Date.now.bind(Date);
					const startMs = now();
					// A minute passes in three seconds; if faster, the watchdog would take each check for a sleep.
					Date.now = () => startMs + 20 * (now() - startMs);
					// As in Safari: each connection dies after a few transactions, without any notice.
					const { transaction } = IDBDatabase.prototype as {
						transaction: (this: IDBDatabase, ...args: Parameters<IDBDatabase['transaction']>) => IDBTransaction;
					};
					const uses = new WeakMap<IDBDatabase, number>();
					IDBDatabase.prototype.transaction = function (...args) {
						const count = (uses.get(this) ?? 0) + 1;
						uses.set(this, count);
						if (count > 3) throw new DOMException('The database connection is closing', 'InvalidStateError');
						return transaction.apply(this, args);
					};
				})
		});
		await expectWorks(page);
		const startMs = await page.evaluate(() => Date.now());
		await page.waitForFunction((sinceMs) => Date.now() - sinceMs > 5 * 60_000, startMs, { polling: 250 });
		expect(await page.getByTestId('kiosk-warning').count()).toBe(0);
		const frames = await page.evaluate(() => window.recordedResults.length);
		await openLog(page);
		expect(Number(await page.getByTestId('kiosk-log').getAttribute('data-minutes'))).toBeGreaterThanOrEqual(5);
		// The first frames come before a model is known.
		expect(await loggedTotal(page, 'frames')).toBeGreaterThanOrEqual(frames - 5);
		await context.close();
	});
});

describe('a page that is left', () => {
	it('loses nothing of the current minute, and counts no incident', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/stay/mjpeg&keep=1');
		let frames = 0;
		for (let time = 0; time < 3; time++) {
			await expectWorks(page);
			// The last frame may not be counted yet.
			frames += (await page.evaluate(() => window.recordedResults.length)) - 1;
			await page.reload();
		}
		await expectWorks(page);
		expect(await page.getByTestId('kiosk-incidents').count()).toBe(0);
		await openLog(page);
		expect(await loggedTotal(page, 'frames')).toBeGreaterThanOrEqual(frames);
		await context.close();
	});
});
