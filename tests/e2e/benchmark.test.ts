/** The benchmark page, on files made here. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calibrate } from '../../src/lib/core/calibration';
import { confusionMatrix } from '../../src/lib/core/metrics';
import { applyPrior } from '../../src/lib/core/prior';
import { startBackend } from '../../training/backend/index';
import { CORRUPTIONS } from '../../training/evaluate/corruptions';
import { predictPictures } from '../../training/evaluate/predict';
import { findEntry } from '../../training/commands/subjects';
import { readManifest } from '../../training/ship/manifest';
import { loadShipped } from '../../training/ship/shipped';
import { MEDIA, violations } from './axe';
import { countTensors, open, openBrowser, type Opened } from './browser';
import { ASTRONAUT } from './clip';
import { offerSeveral } from './models';
import { closeUp, TEXT_NAMED_JPG } from './pictures';

const HAPPY = 3;
const ROWS = 70;

let browser: Browser;
let bench: Opened;
let folder: string;
/** Live tensors before anything is measured. */
let tensorsBefore: number;
/** Rows of the portrait's face, one of them damaged; those with usage Training are to be left out. */
let csv: string;
/** Id of the site's default model. */
let own: string;

beforeAll(async () => {
	const face = sharp((await closeUp(48, 1)).buffer).greyscale();
	const pixels = [...(await face.raw().toBuffer())].join(' ');
	const row = (label: number, usage: string, values = pixels) => ` ${usage},${values},${label}`;
	csv = [
		' Usage,pixels, emotion',
		row(0, 'Training'),
		...Array.from({ length: ROWS }, () => row(HAPPY, 'PrivateTest')),
		row(0, 'PrivateTest'),
		row(HAPPY, 'PrivateTest', '1 2 3'),
		row(HAPPY, 'PublicTest')
	].join('\r\n');
	folder = await mkdtemp(join(tmpdir(), 'mien-bench-'));
	await writePictures(join(folder, 'faces'));
	browser = await openBrowser();
	bench = await open(browser, '/compare/benchmark', {
		prepare: async (context) => (own = (await offerSeveral(context)).default)
	});
	const { page } = bench;
	await page.getByTestId('bench-model').first().waitFor();
	await page.getByTestId('bench-options').locator('summary').click();
	// Includes the model of the live page, which is still loading.
	do tensorsBefore = await countTensors(page);
	while ((await countTensors(page)) !== tensorsBefore);
});

afterAll(async () => {
	await browser.close();
	await rm(folder, { recursive: true, force: true });
});

/** Folders named as in CK+, RAF-DB and neither, with crops, a photo, a picture without a face, and broken files. */
async function writePictures(root: string): Promise<void> {
	const crop = await sharp((await closeUp(48, 1)).buffer)
		.greyscale()
		.png()
		.toBuffer();
	const photo = await sharp(ASTRONAUT).removeAlpha().jpeg().toBuffer();
	const plain = await sharp({ create: { width: 300, height: 300, channels: 3, background: 'teal' } })
		.png()
		.toBuffer();
	const files: Readonly<Record<string, Buffer>> = {
		'happiness/crop.png': crop,
		'happiness/photo.jpg': photo,
		'4/crop.png': crop,
		'anger/crop.png': crop,
		'anger/wall.png': plain,
		'anger/broken.jpg': TEXT_NAMED_JPG.buffer,
		'anger/empty.png': Buffer.alloc(0),
		'contempt/crop.png': crop
	};
	for (const [name, bytes] of Object.entries(files)) {
		await mkdir(dirname(join(root, name)), { recursive: true });
		await writeFile(join(root, name), bytes);
	}
}

async function chooseModels(page: Page, wanted: readonly string[]): Promise<void> {
	await page.getByTestId('bench-model').first().waitFor();
	for (const box of await page.getByTestId('bench-model').all()) {
		await box.setChecked(wanted.includes((await box.getAttribute('data-model')) ?? ''));
	}
}

async function chooseCsv(page: Page, buffer: Buffer, name = 'fer2013.csv'): Promise<void> {
	await page.getByTestId('csv-input').setInputFiles({ name, mimeType: 'text/csv', buffer });
}

async function chooseRows(page: Page, title: string): Promise<void> {
	const option = page.getByTestId('csv-split').locator('option', { hasText: title });
	await page.getByTestId('csv-split').selectOption(await option.getAttribute('value'));
}

async function run(page: Page, status: 'done' | 'failed' = 'done'): Promise<void> {
	await page.getByTestId('bench-start').click();
	await page.locator(`[data-testid=bench-run][data-status=${status}]`).waitFor({ timeout: 100_000 });
}

/** Counts [true label][predicted label] of the model at this place. */
async function confusion(page: Page, place: number): Promise<number[][]> {
	const counts = await page
		.getByTestId('confusion')
		.nth(place)
		.getByRole('gridcell')
		.evaluateAll((cells) => cells.map((cell) => Number((cell as HTMLElement).dataset['count'])));
	return Array.from({ length: 7 }, (_, row) => counts.slice(7 * row, 7 * row + 7));
}

const sum = (values: readonly number[] | undefined) => (values ?? []).reduce((total, value) => total + value, 0);

/** Number of pictures that the model counted. */
async function counted(page: Page, model: string): Promise<number> {
	return Number(await page.locator(`[data-testid=bench-figures][data-model="${model}"]`).getAttribute('data-n'));
}

it('the benchmark page does not preselect models with a large download, and tells the size of each', async () => {
	const { context, page } = await open(browser, '/compare/benchmark');
	await page.getByTestId('bench-model').first().waitFor();
	const boxes = await page
		.getByTestId('bench-model')
		.evaluateAll((all) =>
			all.map((box) => [
				(box as HTMLInputElement).dataset['model'],
				(box as HTMLInputElement).checked,
				/[\d.]+ MB/.exec(box.parentElement?.innerText ?? '')?.[0]
			])
		);
	const { models } = readManifest('static/models');
	const preselected = ['mien', 'mien-large'];
	expect(boxes).toEqual(
		models.map(({ id, bytes }) => [id, preselected.includes(id), `${(bytes / 1e6).toFixed(1)} MB`])
	);
	await context.close();
});

describe('a FER2013 file', () => {
	it('is counted by split, gzipped or not, and its damaged rows are listed', async () => {
		const { page } = bench;
		await chooseModels(page, [own, 'twin']);
		await chooseCsv(page, Buffer.from(csv), 'icml_face_data.csv');
		await run(page);
		expect(await counted(page, own)).toBe(ROWS + 1);
		const plain = await confusion(page, 0);
		expect(sum(plain[HAPPY])).toBe(ROWS);
		expect(sum(plain[0])).toBe(1);
		// All of these rows are the same picture.
		expect(Math.max(...(plain[HAPPY] ?? []))).toBe(ROWS);
		const problems = page.getByTestId('bench-problems');
		await expect.poll(() => problems.getAttribute('data-n')).toBe('1');
		await expect.poll(() => problems.innerText()).toContain('2304 pixels were expected, but there are 3');
		await chooseCsv(page, gzipSync(csv), 'fer2013.csv.gz');
		await run(page);
		expect(await confusion(page, 0)).toEqual(plain);
	});

	it('without a Usage column is measured as "All rows", not as PrivateTest', async () => {
		const { page } = bench;
		const bare = csv
			.split('\r\n')
			.map((line) => line.replace(/^[^,]*,/, ''))
			.join('\n');
		await chooseCsv(page, Buffer.from(bare), 'train.csv');
		await run(page);
		await expect.poll(() => page.getByTestId('csv-split').innerText()).toBe(`All rows (no Usage column): ${ROWS + 4}`);
		await expect.poll(() => page.getByTestId('bench-manner').innerText()).toContain('All rows (no Usage column)');
		await chooseCsv(page, gzipSync(csv), 'fer2013.csv.gz');
		await run(page);
		await expect.poll(() => page.getByTestId('bench-manner').innerText()).toContain('PrivateTest');
	});

	it('whose label numbers may be those of another data set is not read until the visitor says which', async () => {
		const { page } = bench;
		const one = (csv.split('\r\n')[2] ?? '').replace(/\d+$/, '');
		const numbered = (...numbers: number[]) =>
			Buffer.from(['usage,pixels,emotion', ...numbers.map((number) => `${one}${number}`)].join('\n'));
		await chooseCsv(page, numbered(1, 7), 'faces.csv');
		const numbering = page.getByTestId('numbering');
		await expect.poll(() => page.getByTestId('bench-start').isDisabled()).toBe(true);
		await expect.poll(() => numbering.innerText()).toContain('AffectNet: 1 happy, 7 left out');
		await numbering.selectOption('affectnet');
		await run(page);
		expect((await confusion(page, 0)).map(sum)).toEqual([0, 0, 0, 1, 0, 0, 0]);
		await expect.poll(() => page.getByTestId('bench-manner').innerText()).toContain('numbers: AffectNet');
		await expect.poll(() => page.getByTestId('bench-problems').innerText()).toContain('not one of the seven');
		await chooseCsv(page, numbered(1, 6), 'alphabetical.csv');
		await expect.poll(() => page.getByTestId('bench-start').isDisabled()).toBe(true);
		await chooseCsv(page, gzipSync(csv), 'fer2013.csv.gz');
		await expect.poll(() => numbering.inputValue()).toBe('fer2013');
		await run(page);
	});

	it('can be measured on other splits, and with mirror images', async () => {
		const { page } = bench;
		await chooseRows(page, 'as in the paper');
		await page.getByTestId('bench-mirrored').check();
		await run(page);
		expect(await counted(page, own)).toBe(ROWS + 2);
		// The twin has the same weights, so it says the same.
		expect(await confusion(page, 1)).toEqual(await confusion(page, 0));
		await page.getByTestId('bench-single').check();
	});

	it('gives the same counts as in Node, with labels as in FER2013 and as in everyday photos', async () => {
		const { page } = bench;
		const face = new Uint8Array(
			await sharp((await closeUp(48, 1)).buffer)
				.greyscale()
				.raw()
				.toBuffer()
		);
		const rows: Uint8Array[] = [];
		for (const corruption of CORRUPTIONS)
			for (const strength of [0, 1, 2])
				for (let key = 0; key < 5; key++)
					rows.push(await corruption.apply(key % 2 === 0 ? face : face.toReversed(), strength, key));
		const truth = rows.map((_, row) => row % 7);
		const lines = rows.map((pixels, row) => `${truth[row] ?? ''},${pixels.join(' ')},PrivateTest`);
		await chooseModels(page, [own]);
		await chooseCsv(page, Buffer.from(['emotion,pixels,Usage', ...lines].join('\n')));
		await run(page);

		await startBackend('wasm');
		const entry = findEntry(readManifest('static/models'), own);
		const model = loadShipped(join('static/models', dirname(entry.url)));
		const scores = await predictPictures(model, entry.input, rows);
		model.dispose();
		const calibrated = scores.map((row) => calibrate(row, entry));
		const counts = confusionMatrix(calibrated, truth, entry.labels.length);
		// There is more than one answer; otherwise equality would say little.
		expect(counts[0]?.filter((count) => count > 0).length).toBeGreaterThan(1);
		expect(await confusion(page, 0)).toEqual(counts);

		const expected = calibrated.map((row) => applyPrior(row, entry.priorRatio?.photo ?? []));
		const shifted = confusionMatrix(expected, truth, entry.labels.length);
		expect(shifted).not.toEqual(counts);
		await page.getByTestId('bench-everyday').check();
		await run(page);
		expect(await confusion(page, 0)).toEqual(shifted);
		// The choices for one run are kept for the next.
		await expect.poll(() => page.getByTestId('bench-everyday').isChecked()).toBe(true);
		await expect.poll(() => page.locator('[data-testid=bench-model]:checked').count()).toBe(1);
		await page.getByTestId('bench-trained').check();
	});

	it('that is another kind of table, or is cut off, is refused with a reason', async () => {
		const { page } = bench;
		await chooseCsv(page, Buffer.from('name,age\nAnna,4\n'), 'people.csv');
		const told = page.getByTestId('table-error');
		await expect.poll(() => told.innerText()).toMatch(/FER2013.*columns emotion and pixels/);
		await expect.poll(() => page.getByTestId('bench-start').isDisabled()).toBe(true);
		await chooseCsv(page, gzipSync(csv).subarray(0, 500), 'cut.csv.gz');
		await expect.poll(() => told.innerText()).toMatch(/could not be read.*cut off/);
	});
});

/** Drops files and folders of this machine onto the page, as a file manager does. */
async function drop(page: Page, paths: readonly string[]): Promise<void> {
	const client = await page.context().newCDPSession(page);
	for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
		const data = { items: [], files: [...paths], dragOperationsMask: 1 };
		await client.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
	}
	await client.detach();
}

describe('what is dropped on the benchmark page', () => {
	const chosen = (page: Page) => page.getByTestId('chosen').innerText();

	it('may be a folder, several folders, or a table, but not an empty folder', async () => {
		const { context, page, problems } = await open(browser, '/compare/benchmark');
		await page.getByTestId('bench-model').first().waitFor();
		await drop(page, [join(folder, 'faces')]);
		await expect.poll(() => chosen(page)).toMatch(/^faces: .*happy 2/);
		await expect.poll(() => page.getByTestId('unknown-folders').innerText()).toContain('“contempt” (1)');
		await drop(page, [join(folder, 'faces', 'happiness'), join(folder, 'faces', '4')]);
		await expect.poll(() => chosen(page)).toBe('2 folders and files: happy 2');
		await writeFile(join(folder, 'fer2013.csv'), csv);
		await drop(page, [join(folder, 'fer2013.csv')]);
		await expect.poll(() => chosen(page)).toContain('fer2013.csv');
		// Files that systems leave in folders do not count as the visitor's.
		await mkdir(join(folder, 'nothing'), { recursive: true });
		await writeFile(join(folder, 'nothing', '.DS_Store'), 'x');
		await drop(page, [join(folder, 'nothing')]);
		await page.locator('[data-testid=error][data-code=folder-empty]').waitFor();
		expect(await chosen(page)).toContain('fer2013.csv');
		await context.close();
		expect(problems).toEqual([]);
	});
});

describe('a folder of pictures', () => {
	it('is labelled by the names of its subfolders; unknown, broken and faceless files are listed', async () => {
		const { page } = bench;
		await chooseModels(page, [own]);
		await page.getByTestId('folder-input').setInputFiles(join(folder, 'faces', 'contempt'));
		await expect.poll(() => page.getByTestId('benchmark').innerText()).toContain('None of these pictures has a label');
		await page.getByTestId('folder-input').setInputFiles(join(folder, 'faces'));
		// The visitor, who sees a picture of each, says what the numbers mean.
		await expect.poll(() => page.getByTestId('bench-start').isDisabled()).toBe(true);
		const number = page.getByTestId('folder-number');
		await expect.poll(() => number.innerText()).toBe('4 ? (1)');
		await expect.poll(() => number.locator('img').evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(48);
		await page.getByTestId('numbering').selectOption('raf-db');
		await expect.poll(() => number.innerText()).toBe('4 happy (1)');
		await expect.poll(() => page.getByTestId('chosen').innerText()).toMatch(/happy 3/);
		await expect.poll(() => page.getByTestId('unknown-folders').innerText()).toContain('“contempt” (1)');
		await run(page);
		// Two crops and a photo that are happy, one crop that is angry.
		expect(await counted(page, own)).toBe(4);
		expect(sum((await confusion(page, 0))[HAPPY])).toBe(3);
		const listed = await page
			.getByTestId('bench-problems')
			.locator('li')
			.evaluateAll((items) =>
				items.map(
					(item) => `${(item as HTMLElement).dataset['kind'] ?? ''} ${item.querySelector('span')?.innerText ?? ''}`
				)
			);
		expect(listed.sort()).toEqual([
			'no-face faces/anger/wall.png',
			'unknown-label faces/contempt/crop.png',
			'unreadable faces/anger/broken.jpg',
			'unreadable faces/anger/empty.png'
		]);
	});

	it('of faces that are already cut out is not searched for faces', async () => {
		const { page } = bench;
		await page.getByTestId('picture-kind').selectOption('faces');
		await run(page);
		expect(await counted(page, own)).toBe(5);
		await expect
			.poll(() => page.getByTestId('bench-repeats').innerText())
			.toBe('2 pictures are copies of others, 1 of them with another label: all count.');
	});
});

it('pictures with a list that is not clear are not measured by their names, and one of ExpW gives their labels', async () => {
	const { page } = bench;
	const root = join(folder, 'expw');
	await mkdir(root, { recursive: true });
	const crop = await sharp((await closeUp(48, 1)).buffer)
		.png()
		.toBuffer();
	for (const name of ['sad_1.png', 'angry_2.png']) await writeFile(join(root, name), crop);
	await writeFile(join(root, 'label.lst'), 'sad_1.png 0 1 1 9 9 5.5 12\nangry_2.png 1 1 1 9 9 5.5 3\n');
	await page.getByTestId('folder-input').setInputFiles(root);
	await expect.poll(() => page.getByTestId('lists-not-read').innerText()).toContain('several columns may hold');
	expect(await page.getByTestId('bench-start').isDisabled()).toBe(true);
	const rows = 'sad_1.png 0 1 1 9 9 5.5 3\nangry_2.png 0 1 1 9 9 5.5 3\nangry_2.png 1 1 1 9 9 5.5 0\n';
	await writeFile(join(root, 'label.lst'), rows);
	await page.getByTestId('folder-input').setInputFiles(root);
	await expect.poll(() => page.getByTestId('chosen').innerText()).toBe('expw: happy 1');
	expect(await page.getByTestId('unknown-folders').innerText()).toContain('pictures with several labels');
	await chooseModels(page, [own]);
	await page.getByTestId('picture-kind').selectOption('faces');
	await run(page);
	expect(await counted(page, own)).toBe(1);
	expect(await page.getByTestId('bench-problems').innerText()).toContain('The list has several labels for it');
});

it('the benchmark page can be tried on drawn faces, without any pictures of your own', async () => {
	const { page } = bench;
	await chooseModels(page, [own]);
	await page.getByTestId('choose-sample').click();
	await expect.poll(() => page.getByTestId('chosen').innerText()).toMatch(/^drawn faces: angry 6, .*neutral 6$/);
	await run(page);
	expect(await counted(page, own)).toBe(42);
	await page.getByTestId('accuracy-chart').waitFor();
});

describe('a long benchmark run', () => {
	/** Rows; enough for the run to be cancelled before its end. */
	const LONG = 6000;

	it('can be paused, resumed where it stood, and cancelled, all by keyboard', async () => {
		const { page } = bench;
		const [header = '', , row = ''] = csv.split('\r\n');
		const long = [header, ...Array.from({ length: LONG }, () => row)].join('\n');
		await chooseModels(page, [own, 'twin', 'contrary']);
		await chooseCsv(page, gzipSync(long), 'long.csv.gz');
		await expect.poll(() => page.getByTestId('bench-start').isEnabled()).toBe(true);
		await page.getByTestId('bench-start').focus();
		await page.keyboard.press('Enter');
		const progress = page.locator('[data-testid=bench-progress][data-phase=running]');
		const done = async () => Number(await page.getByTestId('bench-counted').getAttribute('data-done'));
		const hasFocus = () =>
			page.getByTestId('bench-run').evaluate((section) => section.contains(document.activeElement));
		await progress.waitFor({ timeout: 60_000 });
		expect(await hasFocus()).toBe(true);
		await expect.poll(done, { timeout: 60_000 }).toBeGreaterThan(0);
		await page.getByTestId('bench-left').waitFor();
		await page.getByTestId('bench-pause').focus();
		await page.keyboard.press('Enter');
		await page.locator('[data-testid=bench-run][data-status=paused]').waitFor();
		// What was in progress at the pause ends; then nothing advances, while the worker still answers.
		await expect
			.poll(async () => {
				const before = await done();
				for (let turn = 0; turn < 3; turn++) await countTensors(page);
				return (await done()) === before;
			})
			.toBe(true);
		const stood = await done();
		// The button that paused it still has the focus.
		await page.keyboard.press('Enter');
		await expect.poll(done, { timeout: 60_000 }).toBeGreaterThan(stood);
		// Leaving the page would lose the run: the page asks, and this visitor stays.
		let question = '';
		page.once('dialog', (dialog) => {
			question = dialog.message();
			void dialog.dismiss();
		});
		await page.getByRole('link', { name: 'Back to results' }).click();
		expect(question).toContain('not finished');
		await page.getByTestId('bench-cancel').focus();
		await page.keyboard.press('Enter');
		await page.locator('[data-testid=bench-run][data-status=cancelled]').waitFor();
		expect(await done()).toBeLessThan(LONG);
		expect(await counted(page, own)).toBe(await done());
		await page.getByTestId('bench-start').waitFor();
		expect(await hasFocus()).toBe(true);
	});

	it('leaves no models in memory', async () => {
		const { page } = bench;
		await chooseModels(page, ['contrary']);
		await chooseCsv(page, Buffer.from(csv));
		await run(page);
		await expect.poll(() => countTensors(page)).toBe(tensorsBefore);
	});
});

it.each(MEDIA)('the benchmark page has no serious axe violation with %o', async (media) => {
	await bench.page.emulateMedia({ ...media, reducedMotion: 'reduce' });
	expect(await violations(bench.page, media === MEDIA[0] ? undefined : ['color-contrast'])).toEqual([]);
});

it('the benchmark page met no error', () => {
	expect(bench.problems).toEqual([]);
});
