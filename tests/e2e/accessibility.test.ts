/** Accessibility as axe checks it, and pages that fit every width. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { expectExportsInView, open, openBrowser, openSettings, waitForStatus } from './browser';
import { portrait, twoFaces } from './pictures';

let browser: Browser;
beforeAll(async () => void (browser = await openBrowser()));
afterAll(() => browser.close());

// One page per path for all tests, as starting one takes longer than checking it.
describe.each(['/', '/photo'])('the page %s', (path) => {
	let page: Page;
	beforeAll(async () => {
		({ page } = await open(browser, path, { reducedMotion: 'reduce' }));
		await waitForStatus(page, 'idle');
	});
	afterAll(() => page.context().close());

	const SCHEMES = ['light', 'dark'] as const;

	it.each(SCHEMES)('has no serious axe violation in the %s scheme', async (colorScheme) => {
		await page.emulateMedia({ colorScheme });
		expect(await violations(page)).toEqual([]);
	});

	// Axe takes any label around a control as its name.
	it('gives every slider an accessible name', async () => {
		await openSettings(page);
		const sliders = page.getByRole('slider');
		await expect.poll(() => sliders.count()).toBeGreaterThan(0);
		expect(await page.getByRole('slider', { name: /\w/ }).count()).toBe(await sliders.count());
	});

	// Axe cannot tell the contrast on a gradient.
	it.each(SCHEMES)('has light text on its dark stage in the %s scheme', async (colorScheme) => {
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

		it.each(SCHEMES)('has no serious axe violation in the %s scheme', async (colorScheme) => {
			await page.emulateMedia({ colorScheme });
			expect(await violations(page)).toEqual([]);
		});

		it('shows which models are selected when colours are forced', async () => {
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

		it('announces the faces found in a polite live region', async () => {
			const polite = page.locator('[aria-live=polite], [role=status]');
			await expect.poll(async () => (await polite.allInnerTexts()).join(' ')).toMatch(/face/i);
		});

		it('has no endless animation when reduced motion is asked for', async () => {
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

describe('on paper', () => {
	/** A4 without its margins, in pixels. */
	const viewport = { width: 680, height: 1010 };

	it.each(['/photo', '/compare'])('%s is complete, with its bars and without its buttons', async (path) => {
		const { context, page } = await open(browser, path, { viewport, colorScheme: 'dark' });
		if (path === '/photo') {
			await waitForStatus(page, 'idle');
			await page.getByTestId('file-input').setInputFiles([await portrait(), await twoFaces()]);
			await page.getByTestId('pictures').waitFor();
			await waitForStatus(page, 'done');
			await page.getByTestId('as-table').click();
		} else await page.getByTestId('corruptions').waitFor();
		await page.emulateMedia({ media: 'print' });
		const { cut, bar, buttons } = await page.evaluate(() => {
			const all = [...document.querySelectorAll<HTMLElement>('main *')].filter((each) => each.checkVisibility());
			const scrolls = (each: HTMLElement): boolean => {
				const { overflowX, overflowY } = getComputedStyle(each);
				return (
					/auto|scroll/.test(overflowX + overflowY) &&
					(each.scrollWidth > each.clientWidth || each.scrollHeight > each.clientHeight)
				);
			};
			return {
				cut: all.filter(scrolls).map((each) => each.outerHTML.slice(0, 80)),
				bar: getComputedStyle(document.body).printColorAdjust,
				buttons: all.filter((each) => each.matches('.button:not([aria-pressed="true"])')).map((each) => each.innerText)
			};
		});
		expect(cut).toEqual([]);
		expect(bar).toBe('exact');
		expect(buttons).toEqual([]);
		// Browsers shrink what is wider than the paper until it cannot be read.
		expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
		await context.close();
	});
});

describe('zoomed to 400 %, where a scroll bar takes room', () => {
	it.each(['/compare', '/compare/benchmark', '/kiosk/setup'])('%s needs no sideways scrolling', async (path) => {
		const { context, page } = await open(browser, path, { viewport: { width: 320, height: 256 } });
		await (path === '/compare' ? page.getByTestId('measure') : page.locator('#content')).waitFor();
		const content = await page.evaluate(() => document.documentElement.scrollWidth);
		expect(content).toBeLessThanOrEqual(320);
		await context.close();
	});
});

describe('on a phone, where scroll bars take no room', () => {
	const WIDTHS = [320, 360, 412, 480];
	let page: Page;
	beforeAll(async () => {
		({ page } = await open(browser, 'about:blank', { isMobile: true, viewport: { width: 320, height: 740 } }));
	});
	afterAll(() => page.context().close());

	it.each(['/', '/photo', '/film', '/compare', '/kiosk/setup'])('%s needs no sideways scrolling', async (path) => {
		await page.goto(path);
		await page.locator('#content').waitFor();
		if (path === '/photo') {
			await waitForStatus(page, 'idle');
			await page.getByTestId('file-input').setInputFiles(await portrait());
			await waitForStatus(page, 'done');
		}
		for (const width of WIDTHS) {
			await page.setViewportSize({ width, height: 740 });
			// Wait until it is drawn at that width.
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
