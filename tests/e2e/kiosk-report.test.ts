/** The log's reports as they are printed. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chooseExport, open, openBrowser } from './browser';

let browser: Browser;
beforeAll(async () => void (browser = await openBrowser()));
afterAll(() => browser.close());

/** Stores the week before Sunday, 29 November 2026, 17:30, as a kiosk would, with somebody there from nine to five. */
async function fillLog(page: Page): Promise<void> {
	await page.goto('/kiosk/log');
	await page.getByTestId('kiosk-log').waitFor();
	await page.evaluate(async () => {
		localStorage.setItem('mien.kiosk.cameras', '["door"]');
		const database = await new Promise<IDBDatabase>((resolve, reject) => {
			const request = indexedDB.open('mien-kiosk door', 1);
			request.onupgradeneeded = () => request.result.createObjectStore('minutes', { keyPath: 'minute' });
			request.onsuccess = () => resolve(request.result);
			request.onerror = () => reject(new Error('no database'));
		});
		const { store } = { store: database.transaction('minutes', 'readwrite').objectStore('minutes') };
		for (let day = 23; day <= 29; day++)
			for (let minute = 9 * 60; minute < 17 * 60; minute++) {
				const [happyMs, sadMs] = [1000 * (minute % 30), 500 * (minute % 7)];
				const label = (dwellMs: number) => ({ faces: 1, dwellMs, probabilityMs: 0.8 * dwellMs });
				store.put({
					...{ minute: new Date(2026, 10, day, 0, minute).getTime(), frames: 300, faces: 2, arrivals: 1, tooSmall: 0 },
					...{ seenMs: happyMs + sadMs + 20_000 + 2000, unsureMs: 2000 },
					expressions: {
						...{ happy: label(happyMs), sad: label(sadMs), neutral: label(20_000), surprise: label(0) },
						...{ angry: label(0), fear: label(0), disgust: label(0) }
					},
					incidents: minute === 600 ? { 'source-lost': 1 } : {}
				});
			}
		await new Promise((resolve) => (store.transaction.oncomplete = resolve));
		database.close();
	});
	await page.reload();
	await page.locator('[data-testid=kiosk-log]:not([data-minutes="0"])').waitFor();
}

it('the report of a day or week prints alone, with its period, cameras, incidents, totals, chart and table', async () => {
	const { context, page } = await open(browser, '/kiosk/log', {
		timezoneId: 'Europe/Berlin',
		colorScheme: 'dark',
		prepare: async (prepared) => {
			await prepared.addInitScript(() => {
				Object.assign(window, { printed: 0 });
				window.print = () => {
					(window as unknown as { printed: number }).printed++;
				};
			});
		}
	});
	await page.clock.setFixedTime(new Date('2026-11-29T17:30:00+01:00'));
	await fillLog(page);
	const report = page.getByTestId('report');
	expect(await report.isVisible()).toBe(false);
	for (const [kind, period, lines] of [
		['day', 'Sunday, 29 November 2026', 24],
		['week', 'Monday, 23 November 2026 to Sunday, 29 November 2026', 7]
	] as const) {
		await chooseExport(page, `print-${kind}`);
		await expect.poll(() => page.evaluate(() => (window as unknown as { printed: number }).printed)).toBeGreaterThan(0);
		await page.emulateMedia({ media: 'print' });
		await report.waitFor();
		const text = await report.innerText();
		expect(text).toContain(`Report of the ${kind}\n\n${period}`);
		expect(text).toContain('Camera: All cameras');
		expect(text).toContain(`Source lost ${kind === 'day' ? 1 : 7}`);
		await expect.poll(() => report.locator('table').last().locator('tbody tr').count()).toBe(lines);
		const total = await report.locator('tfoot tr').innerText();
		// 480 minutes a day, one face in each.
		expect(total.split(/\t/).map((cell) => cell.trim())[1]).toBe(kind === 'day' ? '480' : '3,360');
		expect(await report.getByTestId('chart').getAttribute('data-greatest')).not.toBe('0');
		// Nothing else is printed, and the ink is dark although the page is too.
		expect(await page.getByTestId('kiosk-log').isVisible()).toBe(false);
		const colour = await report.evaluate((element) => getComputedStyle(element).color);
		expect(/\d+/.exec(colour)?.[0]).toBe('15');
		expect((await page.pdf({ preferCSSPageSize: true })).length).toBeGreaterThan(5000);
		await page.emulateMedia({ media: 'screen' });
	}
	await context.close();
});

it('a log in which nothing is counted yet prints as it is shown', async () => {
	const { context, page } = await open(browser, '/kiosk/log');
	const said = page.getByText('Nothing counted yet');
	await said.waitFor();
	await page.emulateMedia({ media: 'print' });
	expect(await said.isVisible()).toBe(true);
	await context.close();
});
