/** What axe finds, and that every width is enough. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { open, openBrowser, waitForStatus } from './browser';

let browser: Browser;
beforeAll(async () => void (browser = await openBrowser()));
afterAll(() => browser.close());

const PATHS = ['/', '/photo'];

async function showSample(page: Page): Promise<void> {
	await waitForStatus(page, 'idle');
	await page.getByTestId('sample').click();
	await waitForStatus(page, 'done');
}

describe.each(PATHS)('%s', (path) => {
	it.each(['light', 'dark'] as const)('has no serious violation in %s', async (colorScheme) => {
		const { context, page } = await open(browser, path, { colorScheme, reducedMotion: 'reduce' });
		await waitForStatus(page, 'idle');
		expect(await violations(page)).toEqual([]);
		await showSample(page);
		expect(await violations(page)).toEqual([]);
		await context.close();
	});

	it('needs no sideways scrolling, on a phone or on a wall', async () => {
		const { context, page } = await open(browser, path);
		await showSample(page);
		for (const width of [360, 768, 1280, 3840]) {
			await page.setViewportSize({ width, height: 800 });
			const { content, view } = await page.evaluate(() => ({
				content: document.documentElement.scrollWidth,
				view: document.documentElement.clientWidth
			}));
			expect(view).toBeGreaterThan(width - 30);
			expect(content, `at ${width} px`).toBeLessThanOrEqual(view);
		}
		await context.close();
	});

	it('does not move where less motion is asked for', async () => {
		const { context, page } = await open(browser, path, { reducedMotion: 'reduce' });
		await showSample(page);
		const running = await page.evaluate(() =>
			document
				.getAnimations()
				.filter(({ playState, effect }) => playState === 'running' && effect?.getTiming().iterations === Infinity)
				.map((animation) => (animation as CSSAnimation).animationName)
		);
		expect(running).toEqual([]);
		await context.close();
	});
});

it('announces what was found politely', async () => {
	const { context, page } = await open(browser, '/');
	await showSample(page);
	const polite = page.locator('[aria-live=polite], [role=status]');
	await expect.poll(async () => (await polite.allInnerTexts()).join(' ')).toMatch(/face/i);
	await context.close();
});
