/** The page of figures, from reports made up here. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/lib/manifest';
import { parseReport, type Report } from '../../src/lib/report';
import { violations } from './axe';
import { open, openBrowser, type Opened, waitForStatus } from './browser';
import { fetchShippedManifest, offerSeveral } from './models';
import { offerReports, reportOf } from './reports';

let browser: Browser;
let compare: Opened;
let manifest: Manifest;
let reports: Report[];

async function prepare(context: Opened['context']): Promise<void> {
	manifest = await offerSeveral(context);
	const labels = manifest.models[0]?.labels ?? [];
	// "twin" has none.
	reports = [
		reportOf(manifest.default, labels, 66),
		reportOf('contrary', labels, 58),
		reportOf('pair', labels, 69, { trained: false })
	];
	await offerReports(context, reports);
}

beforeAll(async () => {
	browser = await openBrowser();
	compare = await open(browser, '/compare', { prepare });
	await compare.page.locator('[data-testid=accuracy-chart] [data-model=pair]').waitFor();
});

afterAll(() => browser.close());

const exact = (fraction: number | undefined) => `${(100 * (fraction ?? NaN)).toFixed(1)} %`;

function splitOf(model: string, id: string) {
	const split = reports.find((report) => report.model === model)?.splits.find((each) => each.id === id);
	if (split === undefined) throw new Error(`No split ${id} of ${model}`);
	return split;
}

describe('figures', () => {
	it('are those of the reports, with the interval that chance leaves', async () => {
		const { page } = compare;
		const row = page.locator(`[data-testid=accuracy-chart] [data-model="${manifest.default}"]`);
		const { accuracy, macroF1 } = splitOf(manifest.default, 'private').single;
		expect(await row.innerText()).toContain(exact(accuracy));
		const [low, high] = [await row.getAttribute('data-low'), await row.getAttribute('data-high')].map(Number);
		expect(low).toBeLessThan(accuracy);
		expect(high).toBeGreaterThan(accuracy);
		const line = page.locator(`[data-testid=model-table] tr[data-model="${manifest.default}"]`);
		expect(await line.locator('[data-part=accuracy]').innerText()).toBe(exact(accuracy));
		expect(await line.locator('[data-part=macro-f1]').innerText()).toBe(exact(macroF1));
	});

	it('say of every model of the manifest where there are none', async () => {
		const { page } = compare;
		const lines = page.locator('[data-testid=model-table] tbody tr');
		const ids = await lines.evaluateAll((all) => all.map((line) => (line as HTMLElement).dataset['model']));
		expect(ids).toEqual([...manifest.models, ...manifest.ensembles].map(({ id }) => id));
		expect(await lines.nth(ids.indexOf('twin')).innerText()).toContain('It has no report yet.');
	});

	it('change with the pictures and with the looks', async () => {
		const { page } = compare;
		const accuracyOf = (model: string) =>
			page.locator(`[data-testid=model-table] tr[data-model=${model}] [data-part=accuracy]`).innerText();
		const { default: plain } = manifest;
		const references = page.getByTestId('reference');
		await page.getByTestId('split-picker').selectOption('paper');
		await page.getByTestId('mirrored').click();
		expect(await accuracyOf(plain)).toBe(exact(splitOf(plain, 'paper').mirrored.accuracy));
		expect((await references.allInnerTexts()).join(' ')).toMatch(/46\.9 %.*61\.4 %/);
		// Figures of other labels are never held against each other.
		await page.getByTestId('split-picker').selectOption('ferplus-private');
		expect(await accuracyOf(plain)).toBe(exact(splitOf(plain, 'ferplus-private').mirrored.accuracy));
		expect(await references.count()).toBe(0);
		await page.getByTestId('split-picker').selectOption('private');
		await page.getByTestId('single').click();
		expect(await accuracyOf(plain)).toBe(exact(splitOf(plain, 'private').single.accuracy));
		// What always looks at the mirror image too has no other figure.
		expect(await accuracyOf('pair')).toBe(exact(splitOf('pair', 'private').mirrored.accuracy));
	});

	it('show mix-ups cell by cell, to a keyboard too', async () => {
		const { page } = compare;
		const matrix = page.getByTestId('confusion').first();
		const { confusion } = splitOf(manifest.default, 'private').single;
		const counts = await matrix
			.getByRole('gridcell')
			.evaluateAll((cells) => cells.map((cell) => Number((cell as HTMLElement).dataset['count'])));
		expect(counts).toEqual(confusion.flat());
		const [first, second] = manifest.models[0]?.labels ?? [];
		await matrix.getByRole('gridcell').first().focus();
		await page.keyboard.press('ArrowRight');
		const sentence = matrix.getByTestId('confusion-sentence');
		const count = confusion[0]?.[1] ?? NaN;
		expect(await sentence.innerText()).toBe(
			`Of 100 that show ${first ?? ''}, ${count} are called ${second ?? ''} (${count} %).`
		);
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('End');
		expect(await sentence.innerText()).toContain(`Of 100 that show ${second ?? ''}`);
	});

	it('are charts that can be read as tables', async () => {
		const { page } = compare;
		for (const title of ['Calibration', 'Coverage', 'Accuracy by epoch', 'Loss by epoch']) {
			const chart = page.locator(`[data-testid=chart][data-chart="${title}"]`);
			expect(await chart.locator('.plot path').count(), title).toBeGreaterThan(1);
			expect(await chart.locator('tbody tr').count(), title).toBeGreaterThan(20);
		}
		// An ensemble was not trained.
		const trained = await page.getByTestId('history-picker').locator('option').count();
		expect(trained).toBe(2);
		expect(await page.getByTestId('corruptions').innerText()).toMatch(/Blur\s+60 %\s+50 %\s+35 %/);
	});

	it('make a card for each model, with what it is bad at', async () => {
		const { page } = compare;
		const card = (id: string) => page.locator(`[data-testid=model-card][data-model="${id}"]`);
		const own = splitOf(manifest.default, 'private').single;
		const [label] = manifest.models[0]?.labels ?? [];
		const line = await card(manifest.default)
			.locator(`[data-label="${label ?? ''}"]`)
			.innerText();
		expect(line).toContain(`${Math.round(100 * (own.perLabel[0]?.recall ?? NaN))} %`);
		const text = await card(manifest.default).innerText();
		expect(text).toMatch(/is called/);
		// What it learned from; the shipped default has FER+'s votes.
		expect(manifest.models[0]?.trained.votes).toBe(true);
		expect(text).toContain('FER2013’s Training and FER+’s votes on it');
		expect(manifest.models[0]?.trained.teachers).toContain(manifest.default);
		expect(text).toMatch(/ Taught by .*earlier ends of its own/);
		expect(manifest.models[0]?.input.leastContrast).toBe(40);
		expect(text).toContain('Dull faces are shown to it with more contrast.');
		expect(text).toMatch(/The worst disturbance tried leaves 30 % right\. Noise/);
		expect(text).toMatch(/Below 57 % .* answers 64 %, 79 % of it rightly/);
		// How labels count elsewhere is not the same for all of these, so each says it for itself.
		expect(text).toMatch(/labels count otherwise \(/);
		expect(await page.getByTestId('all-cards').innerText()).not.toMatch(/labels count otherwise/);
		// What always sees the mirror image too has the figures of that.
		const pair = await card('pair').innerText();
		expect(pair).toContain('The mean of what Mien and Twin say of a face and of its mirror image.');
		const together = splitOf('pair', 'private').mirrored;
		expect(pair).toContain(`${Math.round(100 * (together.perLabel[0]?.recall ?? NaN))} % found`);
		expect(await card('twin').innerText()).toContain('It has no report yet.');
	});

	it('of speed are measured here when asked for', async () => {
		const { page } = compare;
		await page.getByTestId('measure').click();
		const cells = page.locator('[data-testid=model-table] [data-part=speed]');
		await expect
			.poll(async () => (await cells.allInnerTexts()).filter((text) => / ms/.test(text)).length, { timeout: 60_000 })
			.toBe(4);
		await expect.poll(() => page.getByTestId('measure').isEnabled()).toBe(true);
	});
});

describe('the page', () => {
	it.each(['light', 'dark'] as const)('has no serious violation in %s', async (colorScheme) => {
		const { page } = compare;
		await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
		await page.locator('details').first().locator('summary').click();
		// Colours are all that differs in the dark, and the page is large.
		expect(await violations(page, colorScheme === 'dark' ? ['color-contrast'] : undefined)).toEqual([]);
	});

	it('folds the cards up on a phone', async () => {
		const { page } = compare;
		const figures = page.locator(`[data-testid=model-card][data-model="${manifest.default}"] dl`);
		await page.setViewportSize({ width: 1280, height: 800 });
		await figures.waitFor({ state: 'visible' });
		await page.setViewportSize({ width: 390, height: 800 });
		await figures.waitFor({ state: 'hidden' });
		await page.locator(`[data-testid=model-card][data-model="${manifest.default}"] summary`).click();
		await figures.waitFor({ state: 'visible' });
	});

	it('needs no sideways scrolling', async () => {
		const { page } = compare;
		for (const width of [360, 768, 1280, 3840]) {
			await page.setViewportSize({ width, height: 800 });
			const { content, view } = await page.evaluate(() => ({
				content: document.documentElement.scrollWidth,
				view: document.documentElement.clientWidth
			}));
			expect(content, `at ${width} px`).toBeLessThanOrEqual(view);
		}
		await page.setViewportSize({ width: 1280, height: 800 });
	});

	it('says where a report is damaged, and shows the others', async () => {
		const { context, page } = await open(browser, '/compare', {
			prepare: async (fresh) => {
				await prepare(fresh);
				await fresh.route('**/models/contrary/report.json', (route) => route.fulfill({ json: { schema: 7 } }));
			}
		});
		const line = page.locator('[data-testid=model-table] tr[data-model=contrary]');
		await expect.poll(() => line.innerText()).toContain('The figures of a model are damaged.');
		await page.locator('[data-testid=accuracy-chart] [data-model=pair]').waitFor();
		await context.close();
	});

	it('shows what the site ships, with or without reports', async () => {
		const { context, page } = await open(browser, '/compare');
		const shipped = await fetchShippedManifest();
		await expect
			.poll(() => page.locator('[data-testid=model-table] tbody tr').count())
			.toBe(shipped.models.length + shipped.ensembles.length);
		for (const { id } of [...shipped.models, ...shipped.ensembles]) {
			const json = await page.evaluate(async (model) => {
				const response = await fetch(`/models/${model}/report.json`);
				return response.ok ? response.text() : null;
			}, id);
			if (json !== null) expect(parseReport(JSON.parse(json)).model).toBe(id);
		}
		// Here it is the same, and told once.
		expect(await page.getByTestId('all-cards').innerText()).toContain('labels count otherwise (');
		expect(await page.getByText('labels count otherwise (').count()).toBe(1);
		// The default is a mean, of which card and curves tell.
		expect(shipped.models.find(({ id }) => id === shipped.default)?.trained.mean).toHaveLength(4);
		expect(await page.getByText(/weights are the mean of those of 4 runs/).count()).toBe(2);
		await context.close();
	});

	it('can be left and come back to', async () => {
		const { page } = compare;
		await page.getByRole('link', { name: 'Live' }).click();
		await waitForStatus(page, 'idle');
		await page.getByRole('link', { name: 'Accuracy' }).click();
		await page.locator('[data-testid=accuracy-chart] [data-model=pair]').waitFor();
		expect(compare.problems).toEqual([]);
	});
});
