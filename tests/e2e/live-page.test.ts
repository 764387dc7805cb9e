/** What a visitor meets on the live page: on the first screen of a phone, and with one, four and far faces. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { focusedTestId, open, openBrowser, type Opened, waitForResults, waitForStatus } from './browser';
import { clipFrames, farFrames, writeClip } from './clip';
import { offerSeveral } from './models';
import { portrait } from './pictures';

const PHONE = { width: 390, height: 844 };
let folder: string;

beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'mien-live-'))));
afterAll(() => rm(folder, { recursive: true }));

async function start(page: Page): Promise<void> {
	await waitForStatus(page, 'idle');
	await page.getByTestId('start-camera').click();
	await waitForResults(page, 3);
}

async function bottomOf(part: Locator): Promise<number> {
	const box = await part.boundingBox();
	return box === null ? Infinity : box.y + box.height;
}

describe('the live page with one face', () => {
	let browser: Browser;
	let live: Opened;
	beforeAll(async () => {
		browser = await openBrowser({ camera: 'clip' });
		live = await open(browser, '/', { isMobile: true, viewport: PHONE, prepare: offerSeveral });
	});
	afterAll(() => browser.close());

	it('shows a changing drawing and the seven expressions before anything is loaded', async () => {
		const { context, page } = await open(browser, '/', {
			reducedMotion: 'reduce',
			prepare: (prepared) => prepared.route('**/models/**', () => undefined)
		});
		const drawn = () => page.getByTestId('living-glyph').getAttribute('data-label');
		const first = await drawn();
		await expect.poll(() => page.getByTestId('legend').locator('li').count()).toBe(7);
		await expect.poll(() => page.getByTestId('status').innerText()).toMatch(/^Getting ready… \d+ %$/);
		await page.getByTestId('loading').waitFor();
		await expect.poll(drawn).not.toBe(first);
		await context.close();
	});

	it('shows picture, label and bars on the first screen of a phone', async () => {
		const { page } = live;
		await start(page);
		await page.getByTestId('face-label').waitFor();
		expect(await page.evaluate(() => scrollY)).toBe(0);
		for (const part of [page.locator('video'), page.getByTestId('face-label'), page.getByTestId('bar').nth(6)])
			expect(await bottomOf(part)).toBeLessThanOrEqual(PHONE.height);
	});

	it('shows the whole picture without empty bars beside it', async () => {
		const stage = await live.page.getByRole('group', { name: 'Picture' }).boundingBox();
		expect((stage?.width ?? 0) / (stage?.height ?? 1)).toBeCloseTo(4 / 3, 1);
	});

	it('asks before a large download, and takes no for an answer', async () => {
		const { context, page } = await open(browser, '/', {
			prepare: async (prepared) => {
				const manifest = await offerSeveral(prepared);
				const models = manifest.models.map((model) => (model.id === 'twin' ? { ...model, bytes: 22.4e6 } : model));
				await prepared.route('**/models/index.json', (route) => route.fulfill({ json: { ...manifest, models } }));
			}
		});
		await waitForStatus(page, 'idle');
		const picker = page.getByTestId('model-picker');
		const before = await picker.inputValue();
		await picker.selectOption('twin');
		await expect.poll(() => page.getByTestId('large-download').innerText()).toContain('22.4 MB');
		await page.getByRole('button', { name: 'Not now' }).press('Enter');
		expect(await page.evaluate(() => document.activeElement === document.body)).toBe(false);
		await expect.poll(() => picker.inputValue()).toBe(before);
		await picker.selectOption('twin');
		await page.getByTestId('agree').click();
		await page.locator('[data-testid=models][data-running=twin]').waitFor();
		await context.close();
	});

	it('names the models that could not be loaded, goes on, and tries again', async () => {
		const { page, context } = live;
		await context.route('**/models/mien/**', (route) => route.abort());
		await page.getByTestId('model-picker').selectOption('twin');
		await expect.poll(() => page.locator('[data-testid=error]').innerText()).toContain('Twin:');
		const before = await page.evaluate(() => window.recordedResults.length);
		await waitForResults(page, before + 3);
		await context.unroute('**/models/mien/**');
		await page.getByTestId('retry').click();
		await page.locator('[data-testid=models][data-running=twin]').waitFor();
	});

	it('plays "Match this face", and goes on once the face matches', async () => {
		const { page } = live;
		await page.getByTestId('match-start').focus();
		await page.keyboard.press('Enter');
		expect(await focusedTestId(page)).toBe('match-next');
		// The portrait smiles, so it matches the first expression at once.
		await page.locator('[data-testid=match][data-target=surprise]').waitFor();
		await page.getByTestId('match-end').click();
		await expect.poll(() => page.getByTestId('match').count()).toBe(0);
		expect(await focusedTestId(page)).toBe('match-start');
	});

	it.each([
		['a picture', '/photo', 'portrait.png', 'image/png'],
		['a film', '/film', 'holiday.mp4', 'video/mp4']
	])('passes %s dropped on it to %s', async (_, path, name, type) => {
		const { context, page } = await open(browser, '/');
		await page.getByTestId('dropzone').waitFor({ state: 'attached' });
		const { buffer } = await portrait();
		await page.evaluate(
			([text, named, kind]) => {
				const dataTransfer = new DataTransfer();
				const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
				dataTransfer.items.add(new File([bytes], named, { type: kind }));
				document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
			},
			[buffer.toString('base64'), name, type] as const
		);
		await page.waitForURL(`**${path}`);
		await page.getByText(name).first().waitFor();
		await context.close();
	});

	it('met no error of its own', () => {
		expect(live.problems.filter((problem) => !problem.includes('ERR_FAILED'))).toEqual([]);
	});
});

describe('several faces on the live page', () => {
	async function openClip(name: string, frames: readonly Buffer[]): Promise<{ browser: Browser; page: Page }> {
		const clip = join(folder, `${name}.mjpeg`);
		await writeClip(clip, frames);
		const browser = await openBrowser({ camera: 'clip', clip });
		const { page } = await open(browser, '/', { viewport: { width: 1280, height: 900 } });
		await start(page);
		return { browser, page };
	}

	it('take a line each, and a picked one is marked everywhere', async () => {
		const { browser, page } = await openClip('four', await clipFrames({ columns: 2 }));
		const rows = page.getByTestId('face-row');
		await expect.poll(() => rows.count()).toBe(4);
		const second = rows.nth(1);
		const id = await second.getAttribute('data-face-id');
		await second.getByRole('button').click();
		await second.getByTestId('bar').first().waitFor();
		await page.mouse.move(0, 0);
		await expect.poll(() => page.locator('[data-picked=true]').count()).toBe(1);
		await expect.poll(() => page.getByTestId('timeline-face').inputValue()).toBe(id);
		// A click between the faces deselects it.
		const { x = 0, y = 0, width = 0 } = (await page.getByTestId('overlay').boundingBox()) ?? {};
		await page.mouse.click(x + width / 2, y + 4);
		await expect.poll(() => page.locator('[data-picked=true]').count()).toBe(0);
		// The same with several models.
		await page.getByTestId('compare-live').click();
		const lines = page.getByTestId('comparison-row');
		await expect.poll(() => lines.count()).toBe(4);
		expect(await page.getByTestId('comparison').count()).toBe(0);
		await lines.nth(1).getByRole('button').click();
		await expect.poll(() => lines.nth(1).getByTestId('comparison').locator('th[data-model]').count()).toBe(2);
		await browser.close();
	});

	it('are found far away, too', async () => {
		const { browser, page } = await openClip('far', await farFrames());
		await expect.poll(() => page.getByTestId('face-row').count(), { timeout: 120_000 }).toBe(4);
		await browser.close();
	});
});
