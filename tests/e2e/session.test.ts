/** What the live page keeps of its session and explains about a face, with a camera that plays a moving face. */
import { parse } from 'csv-parse/sync';
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, openBrowser, type Opened, waitForResults, waitForStatus } from './browser';

let browser: Browser;
let live: Opened;

beforeAll(async () => {
	browser = await openBrowser({ camera: 'clip' });
	live = await open(browser, '/');
	await waitForStatus(live.page, 'idle');
	await live.page.getByTestId('start-camera').click();
	await waitForResults(live.page, 40);
}, 240_000);
afterAll(() => browser.close());

async function save(page: Page, testId: string): Promise<Buffer> {
	const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId(testId).click()]);
	return readFile(await download.path());
}

describe('the timeline', () => {
	it('draws probabilities, pauses, and shows an earlier moment', async () => {
		const { page } = live;
		const points = () => page.getByTestId('timeline-chart').getAttribute('data-points').then(Number);
		await expect.poll(points, { timeout: 60_000 }).toBeGreaterThan(5);
		await page.getByTestId('timeline-pause').click();
		await expect.poll(() => page.getByTestId('timeline').getAttribute('data-paused')).toBe('true');
		const frozen = await points();
		const scrub = page.getByTestId('timeline-scrub');
		const max = await scrub.getAttribute('max');
		const before = await page.evaluate(() => window.recordedResults.length);
		await waitForResults(page, before + 20);
		expect(await points()).toBe(frozen);
		await expect.poll(() => scrub.getAttribute('max')).toBe(max);
		await scrub.focus();
		await page.keyboard.press('Home');
		await page.getByTestId('timeline-moment').filter({ hasText: 'before the end' }).waitFor();
		await expect.poll(() => page.getByTestId('timeline').getByTestId('bar').count()).toBeGreaterThan(1);
		await page.getByTestId('timeline-pause').click();
		await page.getByTestId('timeline-moment').filter({ hasText: 'Now' }).waitFor();
	});

	it('exports its numbers as CSV and JSON', async () => {
		const { page } = live;
		const rows = parse<Record<string, string>>((await save(page, 'session-csv')).toString(), {
			bom: true,
			columns: true
		});
		expect(rows.length).toBeGreaterThan(10);
		const last = rows.filter(({ success }) => success === '1').at(-1) ?? {};
		expect(Number(last['timestamp'])).toBeGreaterThan(0);
		expect(Number(last['face_id'])).toBeGreaterThan(0);
		expect(Math.abs(Date.parse(last['datetime'] ?? '') - Date.now())).toBeLessThan(300_000);
		const label = last['mien_label'] ?? '';
		expect(Number(last[`mien_${label}`])).toBeGreaterThan(0);
		const shares = Object.entries(last).filter(
			([name]) => /^mien_[a-z]+$/.test(name) && !/_(label|unsure)$/.test(name)
		);
		expect(shares).toHaveLength(7);
		expect(shares.reduce((sum, [, value]) => sum + Number(value), 0)).toBeCloseTo(1, 2);
		const json = JSON.parse((await save(page, 'session-json')).toString()) as {
			models: { id: string }[];
			frames: { faces: unknown[] }[];
		};
		expect(json.models.map(({ id }) => id)).toEqual(['mien']);
		expect(json.frames.length).toBeGreaterThanOrEqual(new Set(rows.map(({ frame }) => frame)).size);
	});

	it('takes a snapshot with the overlay, in a frame with a caption', async () => {
		const { data, info } = await sharp(await save(live.page, 'snapshot'))
			.removeAlpha()
			.raw()
			.toBuffer({ resolveWithObject: true });
		// A margin of 16 pixels around 640 x 480, and 35 for the caption.
		expect([info.width, info.height]).toEqual([672, 547]);
		const dark = (fromY: number, toY: number): number => {
			let count = 0;
			for (let at = fromY * info.width * 3; at < toY * info.width * 3; at += 3) if ((data[at] ?? 255) < 100) count++;
			return count;
		};
		expect(dark(0, 15)).toBe(0);
		expect(dark(500, 545)).toBeGreaterThan(100);
	});

	it("hands the snapshot to the system's share sheet, if it has one", async () => {
		const { page } = live;
		expect(await page.getByTestId('share').count()).toBe(0);
		const other = await page.context().newPage();
		await other.addInitScript(() => {
			const shared: string[] = [];
			Object.assign(window, { shared });
			Object.assign(navigator, {
				canShare: () => true,
				share: ({ files }: { files: File[] }) => {
					for (const { name, type, size } of files) shared.push(`${name.slice(0, 13)} ${type} ${size > 1000}`);
					return Promise.resolve();
				}
			});
		});
		await other.goto('/');
		await other.getByTestId('sample').click();
		await other.getByTestId('share').click();
		await expect
			.poll(() => other.evaluate(() => (window as unknown as { shared: string[] }).shared))
			.toEqual(['mien-snapshot image/png true']);
		await other.close();
	});
});

describe('what the model sees', () => {
	it('is updated again and again while frames go on', async () => {
		const { page } = live;
		await page.evaluate(() => {
			(window as unknown as { explained: number }).explained = 0;
			const canvas = document.querySelector('[data-testid=insight]');
			if (canvas === null) throw new Error('There is no explanation');
			new MutationObserver(() => (window as unknown as { explained: number }).explained++).observe(canvas, {
				subtree: true,
				childList: true,
				characterData: true
			});
		});
		await page.getByTestId('insight-toggle').click();
		await page.locator('[data-testid=insight][data-explained=true]').waitFor();
		const before = await page.evaluate(() => window.recordedResults.length);
		await page.waitForFunction(() => (window as unknown as { explained: number }).explained > 3, null, {
			timeout: 60_000
		});
		await waitForResults(page, before + 20);
		await expect.poll(() => page.getByTestId('insight-label').innerText()).toMatch(/^Why \w+/);
		expect(live.problems).toEqual([]);
	});
});
