/** What axe finds, and that every width is enough. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { expectExportsInView, open, openBrowser, openSettings, waitForStatus } from './browser';
import { portrait } from './pictures';

let browser: Browser;
beforeAll(async () => void (browser = await openBrowser()));
afterAll(() => browser.close());

// One page each for all tests, as starting one takes longer than looking at it.
describe.each(['/', '/photo'])('%s', (path) => {
	let page: Page;
	beforeAll(async () => {
		({ page } = await open(browser, path, { reducedMotion: 'reduce' }));
		await waitForStatus(page, 'idle');
	});
	afterAll(() => page.context().close());

	const SCHEMES = ['light', 'dark'] as const;

	it.each(SCHEMES)('has no serious violation in %s', async (colorScheme) => {
		await page.emulateMedia({ colorScheme });
		expect(await violations(page)).toEqual([]);
	});

	// Axe takes any label around a control for its name.
	it('names every slider', async () => {
		await openSettings(page);
		const sliders = page.getByRole('slider');
		await expect.poll(() => sliders.count()).toBeGreaterThan(0);
		expect(await page.getByRole('slider', { name: /\w/ }).count()).toBe(await sliders.count());
	});

	// Over the gradient axe cannot tell the contrast.
	it.each(SCHEMES)('writes light on its dark stage in %s', async (colorScheme) => {
		await page.emulateMedia({ colorScheme });
		const invitation = page.getByRole('heading', { level: 2 }).first();
		const [red = 0, green = 0, blue = 0] = await invitation.evaluate((heading) =>
			(getComputedStyle(heading).color.match(/\d+/g) ?? []).slice(0, 3).map(Number)
		);
		expect(Math.min(red, green, blue)).toBeGreaterThan(200);
	});

	describe('with a picture', () => {
		beforeAll(async () => {
			await page.getByTestId('sample').click();
			await waitForStatus(page, 'done');
		});

		it.each(SCHEMES)('has no serious violation in %s', async (colorScheme) => {
			await page.emulateMedia({ colorScheme });
			expect(await violations(page)).toEqual([]);
		});

		it('shows what is chosen where colours are forced', async () => {
			await page.emulateMedia({ forcedColors: 'active' });
			expect(await violations(page)).toEqual([]);
			await page.getByTestId('compare-live').click();
			await page.locator('[data-testid=switch-model][data-state=running]').nth(1).waitFor();
			const edges = await page.evaluate(() =>
				[...document.querySelectorAll('[data-testid=switch-model]')].map((pill) => ({
					chosen: pill.getAttribute('aria-pressed'),
					width: getComputedStyle(pill).borderTopWidth
				}))
			);
			await page.emulateMedia({ forcedColors: 'none' });
			await page.getByTestId('compare-live').click();
			expect(edges.filter(({ chosen }) => chosen === 'true').map(({ width }) => width)).toEqual(['3px', '3px']);
			expect(edges.filter(({ chosen, width }) => chosen !== 'true' && width === '3px')).toEqual([]);
		});

		it('announces politely what was found', async () => {
			const polite = page.locator('[aria-live=polite], [role=status]');
			await expect.poll(async () => (await polite.allInnerTexts()).join(' ')).toMatch(/face/i);
		});

		it('does not move where less motion is asked for', async () => {
			const running = await page.evaluate(() =>
				document
					.getAnimations()
					.filter(({ playState, effect }) => playState === 'running' && effect?.getTiming().iterations === Infinity)
					.map((animation) => (animation as CSSAnimation).animationName)
			);
			expect(running).toEqual([]);
		});

		it('needs no sideways scrolling, on a phone or on a wall', async () => {
			for (const width of [360, 768, 1280, 3840]) {
				await page.setViewportSize({ width, height: 800 });
				const { content, view } = await page.evaluate(() => ({
					content: document.documentElement.scrollWidth,
					view: document.documentElement.clientWidth
				}));
				expect(view).toBeGreaterThan(width - 30);
				expect(content, `at ${width} px`).toBeLessThanOrEqual(view);
			}
		});
	});
});

describe('a phone, whose scroll bars take no room', () => {
	const WIDTHS = [320, 360, 412, 480];
	let page: Page;
	beforeAll(async () => {
		({ page } = await open(browser, 'about:blank', { isMobile: true, viewport: { width: 320, height: 740 } }));
	});
	afterAll(() => page.context().close());

	it.each(['/', '/photo', '/film', '/compare', '/kiosk/setup'])('needs no sideways scrolling on %s', async (path) => {
		await page.goto(path);
		await page.locator('#content').waitFor();
		if (path === '/photo') {
			await waitForStatus(page, 'idle');
			await page.getByTestId('file-input').setInputFiles(await portrait());
			await waitForStatus(page, 'done');
		}
		for (const width of WIDTHS) {
			await page.setViewportSize({ width, height: 740 });
			// Drawn at that width.
			await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
			if (path === '/photo') {
				const gallery = await page.getByTestId('gallery').boundingBox();
				expect((gallery?.x ?? 0) + (gallery?.width ?? width)).toBeLessThanOrEqual(width);
				// The label is not cut.
				const label = page.getByTestId('picture').locator('.label');
				expect(await label.evaluate((span) => span.scrollWidth <= span.clientWidth)).toBe(true);
				await expectExportsInView(page);
			}
			const content = await page.evaluate(() => document.documentElement.scrollWidth);
			expect(content, `at ${width} px`).toBeLessThanOrEqual(width);
		}
	});
});
