/**
 * `npm run bench -- equality --data FILE [--model ID]`: the page's benchmark on PrivateTest, in Chromium, against what
 * Node measured into report.json. Uses build/ unchanged. Exits with 1 if a model's accuracies are more than 0.1 points
 * apart or the numbers of pictures differ.
 */
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { chromium, type Browser, type Page } from 'playwright-core';
import { classifiersOf, parseManifest, type ClassifierEntry } from '../../src/lib/manifest';
import { parseReport } from '../../src/lib/report';
import { pictureOf, rowsOf, type Dataset } from '../../training/data/dataset';
import { UserError } from '../../training/lib/errors';
import { loadData } from '../../training/commands/flags';
import { provideChromium } from '../chromium';
import { serveSite } from '../server';

const MODELS = 'build/models';
const MOST_POINTS = 0.1;
/** VGG16 takes a while on a busy machine. */
const LIMIT_MS = 3 * 60 * 60 * 1000;

interface Accuracy {
	readonly n: number;
	readonly accuracy: number;
}

/** Writes the rows of PrivateTest in the format of fer2013.csv. */
async function writeCsv(file: string, dataset: Dataset): Promise<void> {
	const rows = Array.from(
		rowsOf(dataset, 'private'),
		(row) => `${String(dataset.labels[row])},${pictureOf(dataset, row).join(' ')},PrivateTest\n`
	);
	await pipeline(Readable.from(['emotion,pixels,Usage\n', ...rows]), createWriteStream(file));
}

/** What the page shows for each of these models. If it fails, throws its message. */
async function shownAccuracies(page: Page, csv: string, models: readonly string[]): Promise<Map<string, Accuracy>> {
	await page.getByTestId('bench-model').first().waitFor();
	for (const box of await page.getByTestId('bench-model').all())
		await box.setChecked(models.includes((await box.getAttribute('data-model')) ?? ''));
	await page.getByTestId('csv-input').setInputFiles(csv);
	await page.getByTestId('bench-start').click();
	const run = page.getByTestId('bench-run');
	await page.locator('[data-testid=bench-run]:is([data-status=done], [data-status=failed])').waitFor();
	if ((await run.getAttribute('data-status')) === 'failed') throw new UserError(await run.innerText());
	const shown = new Map<string, Accuracy>();
	for (const model of models) {
		const bar = page.locator(`[data-testid=accuracy-chart] li[data-model="${model}"]`);
		const figures = page.locator(`[data-testid=bench-figures][data-model="${model}"]`);
		shown.set(model, {
			accuracy: Number(await bar.getAttribute('data-accuracy')),
			n: Number(await figures.getAttribute('data-n'))
		});
	}
	return shown;
}

/** PrivateTest as measured in Node, with the single picture, as on the page. */
function measuredAccuracy({ model }: ClassifierEntry): Accuracy {
	const { splits } = parseReport(JSON.parse(readFileSync(path.join(MODELS, model, 'report.json'), 'utf8')));
	const found = splits.find((split) => split.id === 'private');
	if (found === undefined) throw new UserError(`The report of ${model} has no PrivateTest.`);
	return found.single;
}

/** Whether all are equal; prints a line for each. Throws UserError. */
async function compare(args: string[]): Promise<boolean> {
	const { values } = parseArgs({ args, options: { data: { type: 'string' }, model: { type: 'string' } } });
	const dataset = await loadData(values.data);
	const site = await serveSite();
	const folder = mkdtempSync(path.join(tmpdir(), 'mien-equality-'));
	let browser: Browser | undefined;
	try {
		browser = await chromium.launch({ executablePath: provideChromium() });
		const manifest = parseManifest(JSON.parse(readFileSync(path.join(MODELS, 'index.json'), 'utf8')));
		const single = classifiersOf(manifest).filter(({ mirrored }) => !mirrored);
		const ids = single.map(({ id }) => id);
		const wanted = single.filter(({ id }) => values.model === undefined || id === values.model);
		if (wanted.length === 0) throw new UserError(`No model "${values.model ?? ''}" is in build/: ${ids.join(', ')}.`);
		const csv = path.join(folder, 'private.csv');
		await writeCsv(csv, dataset);
		const page = await browser.newPage();
		page.setDefaultTimeout(LIMIT_MS);
		await page.goto(`${site.origin}/compare/benchmark`);
		const shown = await shownAccuracies(
			page,
			csv,
			wanted.map(({ id }) => id)
		);
		const line = (cells: readonly string[]): string => cells.map((cell) => cell.padStart(14)).join('');
		console.log(line(['PrivateTest', 'pictures', 'page', 'Node', 'points apart']));
		let allEqual = true;
		for (const entry of wanted) {
			const { id } = entry;
			const node = measuredAccuracy(entry);
			const { n, accuracy } = shown.get(id) ?? { n: 0, accuracy: NaN };
			const points = 100 * Math.abs(accuracy - node.accuracy);
			const isEqual = n === node.n && points <= MOST_POINTS;
			allEqual &&= isEqual;
			const percents = [accuracy, node.accuracy].map((each) => `${(100 * each).toFixed(2)} %`);
			console.log(`${line([id, String(n), ...percents, points.toFixed(3)])}${isEqual ? '' : '   DIFFERS'}`);
		}
		return allEqual;
	} finally {
		await browser?.close();
		site.stop();
		rmSync(folder, { recursive: true, force: true });
	}
}

try {
	process.exitCode = (await compare(process.argv.slice(2))) ? 0 : 1;
} catch (thrown) {
	if (!(thrown instanceof UserError)) throw thrown;
	console.error(thrown.message);
	process.exitCode = 1;
}
