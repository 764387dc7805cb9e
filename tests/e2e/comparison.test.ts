/** Several models on one live face: switched without a stall, and side by side. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/lib/manifest';
import { open, openBrowser, type Opened, openSettings, shownFaces, waitForResults, waitForStatus } from './browser';
import { offerSeveral } from './models';

let browser: Browser;
let live: Opened;
let manifest: Manifest;

declare global {
	interface Window {
		/** Set if a face was shown without a label. */
		sawBlankFace?: boolean;
		/** What was said about models while they loaded. */
		saidOfModels: string[];
	}
}

beforeAll(async () => {
	browser = await openBrowser({ camera: 'clip' });
	live = await open(browser, '/', { prepare: async (context) => (manifest = await offerSeveral(context)) });
	await waitForStatus(live.page, 'idle');
	await live.page.getByTestId('start-camera').click();
	await waitForResults(live.page, 3);
});

afterAll(() => browser.close());

const pill = (page: Page, id: string) => page.locator(`[data-testid=switch-model][data-model="${id}"]`);

/** Ids of the models that read the face of the newest result. */
function lastReaders(page: Page): Promise<string[]> {
	return page.evaluate(() => Object.keys(window.recordedResults.at(-1)?.faces[0]?.readings ?? {}));
}

async function runUntilReadBy(page: Page, ids: readonly string[]): Promise<void> {
	await page.locator(`[data-testid=models][data-running="${ids.join(' ')}"]`).waitFor();
	await expect.poll(() => lastReaders(page)).toEqual(ids);
}

/** Probability by label in the column of a model of the first face. */
function column(page: Page, id: string): Promise<Record<string, number>> {
	const cells = page.getByTestId('comparison').first().locator(`td[data-model="${id}"]`);
	return cells.evaluateAll((all) =>
		Object.fromEntries(
			all.map((cell) => {
				const { label = '', value = '' } = (cell as HTMLElement).dataset;
				return [label, Number(value)];
			})
		)
	);
}

describe('switching the model', () => {
	it('goes on live with the old model and its labels until the new one has loaded', async () => {
		const { context, page } = live;
		let release: () => void = () => undefined;
		const held = new Promise<void>((resolve) => (release = resolve));
		const url = `**/models/${manifest.models[0]?.url ?? ''}`;
		await context.route(url, async (route) => {
			await held;
			await route.continue();
		});
		await page.evaluate(() => {
			new MutationObserver(() => {
				if (document.querySelector('[data-testid=face-label]:not([data-label])') !== null) window.sawBlankFace = true;
			}).observe(document.body, { subtree: true, childList: true, attributes: true });
			window.saidOfModels = [];
			const status = document.querySelector<HTMLElement>('[data-testid=models] [role=status]');
			if (status === null) throw new Error('Nothing says which model is loading');
			new MutationObserver(() => window.saidOfModels.push(status.innerText)).observe(status, {
				subtree: true,
				childList: true,
				characterData: true
			});
		});
		const before = await page.evaluate(() => window.recordedResults.length);
		await page.getByTestId('model-picker').selectOption('twin');
		await page.getByText('Loading Twin').waitFor();
		await waitForResults(page, before + 10);
		expect(await lastReaders(page)).toEqual([manifest.default]);
		await expect.poll(() => page.locator('main').getAttribute('data-status')).toBe('running');
		release();
		await runUntilReadBy(page, ['twin']);
		await context.unroute(url);
		const [face] = await shownFaces(page);
		expect(manifest.models[0]?.labels).toContain(face?.label);
		expect(await page.evaluate(() => window.sawBlankFace)).toBeUndefined();
		await expect.poll(() => page.getByTestId('model-picker').inputValue()).toBe('twin');
		// A screen reader is not told each percent.
		expect(await page.evaluate(() => window.saidOfModels)).toEqual(['Loading Twin', '']);
	});
});

describe('the comparison of models side by side', () => {
	it('begins with the current model and another one, both reading the same crop', async () => {
		const { page } = live;
		await page.getByTestId('model-picker').selectOption(manifest.default);
		await runUntilReadBy(page, [manifest.default]);
		await page.getByTestId('compare-live').focus();
		await page.keyboard.press('Enter');
		await runUntilReadBy(page, [manifest.default, 'twin']);
		await page.locator('[data-testid=comparison][data-agree=true]').waitFor();
		// Smoothed values depend on earlier frames; those of the frame itself come from the same crop.
		const readings = await page.evaluate(() => window.recordedResults.at(-1)?.faces[0]?.readings ?? {});
		expect(readings[manifest.default]?.scores).toHaveLength(manifest.models[0]?.labels.length ?? NaN);
		expect(readings['twin']?.scores).toEqual(readings[manifest.default]?.scores);
		expect(Object.keys(await column(page, 'twin'))).toEqual(manifest.models[0]?.labels);
	});

	it('counts how often the models agree, and tells the time and download size of each', async () => {
		const { page } = live;
		const agreement = page.getByTestId('agreement');
		await expect.poll(async () => Number(await agreement.getAttribute('data-readings'))).toBeGreaterThan(5);
		await expect.poll(() => agreement.innerText()).toBe('100.0 %');
		const row = page.locator('[data-testid=compared-model][data-model=twin]');
		await expect.poll(() => row.locator('[data-part=time]').innerText()).toMatch(/^[\d.]+ ms$/);
		await expect.poll(() => row.locator('[data-part=download]').innerText()).toBe('2.0 MB');
		await expect.poll(() => row.locator('[data-part=agreement]').innerText()).toBe('100.0 %');
	});

	it('takes a third model, and marks where the models differ', async () => {
		const { page } = live;
		await pill(page, 'contrary').click();
		await runUntilReadBy(page, [manifest.default, 'twin', 'contrary']);
		await page.locator('[data-testid=comparison][data-agree=false]').waitFor();
		const agreement = page.getByTestId('agreement');
		await expect.poll(async () => Number(await agreement.getAttribute('data-readings'))).toBeGreaterThan(2);
		await expect.poll(() => agreement.getAttribute('data-unanimous')).toBe('0');
		const labels = manifest.models[0]?.labels ?? [];
		expect(Object.keys(await column(page, 'contrary'))).toEqual(labels);
		const text = await page.getByTestId('comparison').first().innerText();
		expect(text).toContain('They differ');
	});

	it('marks no label as leading when the models are unsure, here and in the timeline', async () => {
		const { page } = live;
		const leading = page.locator('[data-testid=comparison] td.top, [data-testid=timeline] li.top');
		await expect.poll(() => leading.count()).toBeGreaterThan(3);
		await openSettings(page);
		await page.getByTestId('unsure-below').fill('1');
		await expect.poll(() => leading.count()).toBe(0);
		const heads = await page.locator('[data-testid=comparison] th[data-model]').allInnerTexts();
		expect(heads.map((head) => head.trim().split(/\s+/).at(-1))).toEqual(['Unsure', 'Unsure', 'Unsure']);
		await page.getByTestId('unsure-reset').click();
	});

	it('ends when only one model remains, or when the page is left', async () => {
		const { page } = live;
		await page.getByTestId('compare-live').click();
		await runUntilReadBy(page, [manifest.default]);
		expect(await page.getByTestId('comparison').count()).toBe(0);
		await page.getByTestId('face-card').first().waitFor();
		await page.getByTestId('compare-live').click();
		await runUntilReadBy(page, [manifest.default, 'twin']);
		await page.getByRole('link', { name: 'Photo' }).click();
		await waitForStatus(page, 'idle');
		await page.getByTestId('sample').click();
		await waitForStatus(page, 'done');
		await expect.poll(() => lastReaders(page)).toEqual([manifest.default]);
	});

	it('met no error', () => {
		expect(live.problems).toEqual([]);
	});
});
