/** The comparison page, with reports made up here. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/lib/manifest';
import { parseReport, type Report, type UnseenReport } from '../../src/lib/report';
import { violations } from './axe';
import { open, openBrowser, type Opened, waitForStatus } from './browser';
import { fetchShippedManifest, offerSeveral } from './models';
import { offerReports, reportOf } from './reports';

let browser: Browser;
let compare: Opened;
let manifest: Manifest;
let reports: Report[];

const UNSEEN: UnseenReport = {
	id: 'ck48',
	n: 90,
	people: 12,
	accuracy: { share: 0.7, low: 0.61, high: 0.78 },
	meanRecall: 0.65,
	labels: [
		{ label: 'angry', share: 0.4, low: 0.2, high: 0.6, saidMost: { label: 'sad', share: 0.5 } },
		{ label: 'happy', share: 1, low: 1, high: 1, saidMost: null }
	]
};

async function prepare(context: Opened['context']): Promise<void> {
	manifest = await offerSeveral(context);
	const labels = manifest.models[0]?.labels ?? [];
	// "twin" has no report.
	reports = [{ ...reportOf(manifest.default, labels, 66), unseen: [UNSEEN] }, reportOf('contrary', labels, 58)];
	await offerReports(context, reports);
}

beforeAll(async () => {
	browser = await openBrowser();
	compare = await open(browser, '/compare', { prepare });
	await compare.page.locator('[data-testid=accuracy-chart] [data-model=contrary]').waitFor();
});

afterAll(() => browser.close());

const exact = (fraction: number | undefined) => `${(100 * (fraction ?? NaN)).toFixed(1)} %`;

function splitOf(model: string, id: string) {
	const split = reports.find((report) => report.model === model)?.splits.find((each) => each.id === id);
	if (split === undefined) throw new Error(`No split ${id} of ${model}`);
	return split;
}

describe('the figures on the comparison page', () => {
	it('are those of the reports, with an interval around the accuracy', async () => {
		const { page } = compare;
		const row = page.locator(`[data-testid=accuracy-chart] [data-model="${manifest.default}"]`);
		const { accuracy, macroF1 } = splitOf(manifest.default, 'private').single;
		await expect.poll(() => row.innerText()).toContain(exact(accuracy));
		const [low, high] = [await row.getAttribute('data-low'), await row.getAttribute('data-high')].map(Number);
		expect(low).toBeLessThan(accuracy);
		expect(high).toBeGreaterThan(accuracy);
		const line = page.locator(`[data-testid=model-table] tr[data-model="${manifest.default}"]`);
		await expect.poll(() => line.locator('[data-part=accuracy]').innerText()).toBe(exact(accuracy));
		await expect.poll(() => line.locator('[data-part=macro-f1]').innerText()).toBe(exact(macroF1));
	});

	it('include those for people whom no model has seen, if a report has any', async () => {
		const section = compare.page.getByTestId('unseen');
		await expect.poll(() => section.innerText()).toContain('90 pictures of 12 people');
		const cells = section.locator(`tr[data-model="${manifest.default}"] > *`);
		const texts = (await cells.allInnerTexts()).map((text) => text.replace(/\s+/g, ' '));
		expect(texts.slice(1)).toEqual([
			'70 % 61 to 78',
			'40 % 20 to 60',
			'100 % 100 to 100',
			'50 % of angry is called sad'
		]);
		await expect.poll(() => section.locator('tbody tr').count()).toBe(1);
	});

	it('list every model of the manifest, and say which one has no report', async () => {
		const { page } = compare;
		const lines = page.locator('[data-testid=model-table] tbody tr');
		const ids = await lines.evaluateAll((all) => all.map((line) => (line as HTMLElement).dataset['model']));
		expect(ids).toEqual(manifest.models.map(({ id }) => id));
		await expect.poll(() => lines.nth(ids.indexOf('twin')).innerText()).toContain('It has no report yet.');
	});

	it('change with the chosen split and with mirror images', async () => {
		const { page } = compare;
		const accuracyOf = (model: string) =>
			page.locator(`[data-testid=model-table] tr[data-model=${model}] [data-part=accuracy]`).innerText();
		const { default: plain } = manifest;
		const references = page.getByTestId('reference');
		await page.getByTestId('split-picker').selectOption('paper');
		await page.getByTestId('mirrored').click();
		expect(await accuracyOf(plain)).toBe(exact(splitOf(plain, 'paper').mirrored.accuracy));
		// The paper's figures appear only on the rows of its own networks, which these reports leave out.
		expect(await references.count()).toBe(0);
		// Figures for other labels are never compared.
		await page.getByTestId('split-picker').selectOption('ferplus-private');
		expect(await accuracyOf(plain)).toBe(exact(splitOf(plain, 'ferplus-private').mirrored.accuracy));
		expect(await references.count()).toBe(0);
		await page.getByTestId('split-picker').selectOption('private');
		await page.getByTestId('single').click();
		expect(await accuracyOf(plain)).toBe(exact(splitOf(plain, 'private').single.accuracy));
	});

	it('show mix-ups cell by cell, also by keyboard', async () => {
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
		await expect
			.poll(() => sentence.innerText())
			.toBe(`Of 100 ${first ?? ''} faces, ${count} are called ${second ?? ''} (${count} %).`);
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('End');
		await expect.poll(() => sentence.innerText()).toContain(`Of 100 ${second ?? ''} faces`);
	});

	it('are drawn as charts that can also be read as tables', async () => {
		const { page } = compare;
		for (const title of ['Calibration', 'Coverage', 'Accuracy by epoch', 'Loss by epoch']) {
			const chart = page.locator(`[data-testid=chart][data-chart="${title}"]`);
			expect(await chart.locator('.plot path').count(), title).toBeGreaterThan(1);
			expect(await chart.locator('tbody tr').count(), title).toBeGreaterThan(20);
		}
		// "twin" has no report, so no curves.
		const trained = await page.getByTestId('history-picker').locator('option').count();
		expect(trained).toBe(2);
		await expect.poll(() => page.getByTestId('corruptions').innerText()).toMatch(/Blur\s+60 %\s+50 %\s+35 %/);
	});

	it('fill a card for each model, which says what it is bad at', async () => {
		const { page } = compare;
		const card = (id: string) => page.locator(`[data-testid=model-card][data-model="${id}"]`);
		// Two at first, all on demand; the same for the matrices.
		await expect.poll(() => page.getByTestId('model-card').count()).toBe(2);
		await expect.poll(() => page.getByTestId('confusion').count()).toBe(2);
		await page.getByTestId('all-models').first().click();
		await expect.poll(() => page.getByTestId('model-card').count()).toBe(manifest.models.length);
		const own = splitOf(manifest.default, 'private').single;
		const [label] = manifest.models[0]?.labels ?? [];
		const line = await card(manifest.default)
			.locator(`[data-label="${label ?? ''}"]`)
			.innerText();
		expect(line).toContain(`${Math.round(100 * (own.perLabel[0]?.recall ?? NaN))} %`);
		const text = await card(manifest.default).innerText();
		expect(text).toMatch(/faces are called/);
		// What it learned from; the shipped default has FER+'s votes.
		expect(manifest.models[0]?.trained.votes).toBe(true);
		expect(text).toContain('Trained on FER2013 (Training) with the votes of FER+');
		expect(text).toMatch(/ Taught by earlier versions of itself and .*face-api .*unpublished/);
		expect(manifest.models[0]?.input.leastContrast).toBe(40);
		expect(text).toContain('Faces in dull light have their contrast raised first.');
		expect(text).toMatch(/Poor image quality: down to 30 %\. Noise/);
		expect(text).toMatch(/Below a confidence of 57 %.* answers 64 % of faces and is right on 79 % of those/s);
		// The adjustment differs between these models, so each card states its own.
		expect(text).toMatch(/adjusted for everyday faces \(/);
		expect(await page.getByTestId('all-cards').innerText()).not.toMatch(/adjusted for everyday faces/);
		await expect.poll(() => card('twin').innerText()).toContain('It has no report yet.');
	});

	it('of speed are measured here on request', async () => {
		const { page } = compare;
		await page.getByTestId('measure').click();
		const cells = page.locator('[data-testid=model-table] [data-part=speed]');
		await expect
			.poll(async () => (await cells.allInnerTexts()).filter((text) => / ms/.test(text)).length, { timeout: 60_000 })
			.toBe(manifest.models.length);
		await expect.poll(() => page.getByTestId('measure').isEnabled()).toBe(true);
	});
});

describe('the comparison page', () => {
	it.each(['light', 'dark'] as const)('has no serious axe violation in the %s scheme', async (colorScheme) => {
		const { page } = compare;
		await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
		await page.locator('details').first().locator('summary').click();
		// Only colours differ in the dark, and the page is large.
		expect(await violations(page, colorScheme === 'dark' ? ['color-contrast'] : undefined)).toEqual([]);
	});

	it('draws bars that are to be compared in columns of equal width', async () => {
		const tracks = compare.page.locator('[data-testid=recall] .track');
		const widths = await tracks.evaluateAll((all) =>
			all.map((track) => Math.round(track.getBoundingClientRect().width))
		);
		expect(new Set(widths).size).toBe(1);
	});

	it('keeps its bars when colours are forced, each in the colour of its model', async () => {
		const { page } = compare;
		await page.emulateMedia({ forcedColors: 'active' });
		expect(await violations(page, ['color-contrast'])).toEqual([]);
		const seen = await page.evaluate(() => {
			const colourOf = (selector: string, name: 'color' | 'backgroundColor') =>
				[...document.querySelectorAll(selector)].map((part) => getComputedStyle(part)[name]);
			const bars = '[data-testid=accuracy-chart] [data-model]';
			return {
				paper: getComputedStyle(document.body).backgroundColor,
				whiskers: colourOf(`${bars} .whisker`, 'color'),
				dots: colourOf(`${bars} .dot`, 'backgroundColor'),
				recalls: colourOf('[data-testid=recall] .fill', 'backgroundColor')
			};
		});
		await page.emulateMedia({ forcedColors: 'none' });
		expect(seen.whiskers).toHaveLength(2);
		expect(new Set([...seen.whiskers, seen.paper]).size).toBe(3);
		expect(seen.dots).toEqual(seen.whiskers);
		expect(seen.recalls.length).toBeGreaterThan(0);
		expect(seen.recalls).not.toContain(seen.paper);
	});

	it('folds its cards on a phone', async () => {
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

	it('says which report is damaged, and shows the others', async () => {
		const { context, page } = await open(browser, '/compare', {
			prepare: async (fresh) => {
				await prepare(fresh);
				await fresh.route('**/models/contrary/report.json', (route) => route.fulfill({ json: { schema: 7 } }));
			}
		});
		const line = page.locator('[data-testid=model-table] tr[data-model=contrary]');
		await expect.poll(() => line.innerText()).toContain('The figures of a model are damaged.');
		await page.locator(`[data-testid=accuracy-chart] [data-model="${manifest.default}"]`).waitFor();
		await context.close();
	});

	it('shows what the site ships, with or without reports', async () => {
		const { context, page } = await open(browser, '/compare');
		const shipped = await fetchShippedManifest();
		await expect.poll(() => page.locator('[data-testid=model-table] tbody tr').count()).toBe(shipped.models.length);
		for (const { id } of shipped.models) {
			const json = await page.evaluate(async (model) => {
				const response = await fetch(`/models/${model}/report.json`);
				return response.ok ? response.text() : null;
			}, id);
			if (json !== null) expect(parseReport(JSON.parse(json)).model).toBe(id);
		}
		// The button says how much it loads at most: the table gives sizes before compression.
		await expect
			.poll(() => page.getByTestId('measure').innerText())
			.toMatch(/^Measure speed here \(up to 4\d\.\d MB\)$/);
		// The paper's figures appear on the rows of its own networks, and only for the pictures that it used.
		const references = page.getByTestId('reference');
		expect(await references.count()).toBe(0);
		await page.getByTestId('split-picker').selectOption('paper');
		const rows = page.locator('[data-testid=accuracy-chart] [data-model]', { has: references });
		expect(await rows.evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset['model']))).toEqual([
			'cnn',
			'vgg16'
		]);
		expect((await references.allInnerTexts()).join(' ')).toMatch(/61\.4 %.*46\.9 %/);
		await expect
			.poll(() => page.getByTestId('compare').innerText())
			.toMatch(/the paper’s CNN had 61\.4 %, here it has [\d.]+ %/);
		// Here the adjustment is the same for all, and is stated once.
		await expect.poll(() => page.getByTestId('all-cards').innerText()).toContain('adjusted for everyday faces (');
		await expect.poll(() => page.getByText('adjusted for everyday faces (').count()).toBe(1);
		// The default is an average of runs, which its card and its curves say.
		expect(shipped.models.find(({ id }) => id === shipped.default)?.trained.mean).toHaveLength(4);
		await expect.poll(() => page.getByText(/weights are the average of 4 runs/).count()).toBe(2);
		await context.close();
	});

	it('can be left and returned to', async () => {
		const { page } = compare;
		await page.getByRole('link', { name: 'Live' }).click();
		await waitForStatus(page, 'idle');
		await page.getByRole('link', { name: 'Accuracy' }).click();
		await page.locator('[data-testid=accuracy-chart] [data-model=contrary]').waitFor();
		expect(compare.problems).toEqual([]);
	});
});
