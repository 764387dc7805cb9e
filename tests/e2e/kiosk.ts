/** Steps that tests of kiosks share. */
import { readFile } from 'node:fs/promises';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { inject } from 'vitest';
import { chooseExport, waitForResults } from './browser';
import type { StreamMode } from './streams';

export function command(stream: string, what: `set/${StreamMode}` | 'asked'): Promise<Response> {
	return fetch(`${inject('streams')}/${stream}/${what}`);
}

export async function waitForState(page: Page, state: 'running' | 'retrying'): Promise<void> {
	await page.locator(`[data-testid=kiosk][data-state=${state}]`).waitFor({ timeout: 90_000 });
}

/** Expects the kiosk to run, and five more results to come. */
export async function expectWorks(page: Page): Promise<void> {
	await waitForState(page, 'running');
	await waitForResults(page, (await page.evaluate(() => window.recordedResults.length)) + 5);
}

let moves = 0;
/** What is wrong, as a kiosk tells whoever moves the mouse; empty while it tries again. */
export async function readTrouble(page: Page, within: Page | Locator = page): Promise<string> {
	await page.mouse.move(100 + (moves++ % 50), 100);
	return (await within.getByTestId('kiosk-trouble').allInnerTexts()).join();
}

/** Leaves the kiosk for its log. */
export async function openLog(page: Page): Promise<void> {
	await page.goto('/kiosk/log');
	await page.locator('[data-testid=kiosk-log]:not([data-minutes="0"])').waitFor();
}

export async function exportedLog(page: Page): Promise<string> {
	const [download] = await Promise.all([page.waitForEvent('download'), chooseExport(page, 'csv')]);
	return readFile(await download.path(), 'utf8');
}

/** Kills the analysis worker, and waits until another one is started. */
export async function killWorker(page: Page): Promise<void> {
	const worker = page.workers().find((each) => each.url().includes('analyser'));
	await worker?.evaluate(() => {
		setTimeout(() => {
			throw new Error('killed by the test');
		});
	});
	await page.getByText(/Analysis restarted 1/).waitFor();
}

/** Sum of a column over all minutes of the log, which must be open. */
export async function loggedTotal(page: Page, column: string): Promise<number> {
	const [names = '', ...rows] = (await exportedLog(page)).trim().split('\r\n');
	const place = names.split(',').indexOf(column);
	return rows.reduce((sum, row) => sum + Number(row.split(',')[place]), 0);
}

/** Makes the page's own timeouts of twenty seconds or more pass ten times as fast. Call it before the page opens. */
export function hurry(context: BrowserContext): Promise<unknown> {
	return context.addInitScript(() => {
		const native = window.setTimeout.bind(window) as (handler: TimerHandler, ms?: number, ...rest: unknown[]) => number;
		const hasty = (handler: TimerHandler, ms = 0, ...rest: unknown[]) =>
			native(handler, ms >= 20_000 ? ms / 10 : ms, ...rest);
		window.setTimeout = hasty as typeof window.setTimeout;
	});
}
