/** Many pictures at once: the queue, the list, what cannot be read, small and large faces, and the exports. */
import { AxeBuilder } from '@axe-core/playwright';
import { downloadZip } from 'client-zip';
import { parse } from 'csv-parse/sync';
import { packTar } from 'modern-tar';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Download, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PhotoExport } from '../../src/lib/state/photo-export';
import { offerSeveral } from './models';
import {
	chooseExport,
	focusedTestId,
	open,
	openBrowser,
	openSettings,
	type Opened,
	shownFaces,
	waitForStatus
} from './browser';
import {
	closeUp,
	crowd,
	EMPTY,
	faceless,
	fillsFrame,
	hugePicture,
	type PictureFile,
	portrait,
	portraitAs,
	portraitAsBmp,
	TEXT_NAMED_JPG,
	truncated,
	turnedPortrait
} from './pictures';

const HEIC = {
	name: 'phone.heic',
	mimeType: 'image/heic',
	buffer: Buffer.concat([Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), Buffer.alloc(400)])
};

let browser: Browser;
let batch: Opened;

beforeAll(async () => {
	browser = await openBrowser();
	batch = await open(browser, '/photo', { reducedMotion: 'reduce' });
	await waitForStatus(batch.page, 'idle');
	const files = [
		...(await Promise.all((['jpeg', 'webp', 'avif', 'gif'] as const).map(portraitAs))),
		await portraitAsBmp(),
		await turnedPortrait(),
		TEXT_NAMED_JPG,
		EMPTY,
		await truncated(),
		HEIC,
		await faceless(),
		await hugePicture()
	];
	await batch.page.getByTestId('file-input').setInputFiles(files);
	await waitForQueue(batch.page);
}, 400_000);
afterAll(() => browser.close());

async function waitForQueue(page: Page): Promise<void> {
	await page.locator('[data-testid=queue][data-open="0"]').waitFor({ timeout: 300_000 });
}

/** The listed picture of this name. */
function listed(page: Page, name: string) {
	return page.getByTestId('picture').filter({ has: page.locator(`[title="${name}"]`) });
}

async function save(page: Page, testId: string): Promise<{ download: Download; bytes: Buffer }> {
	const [download] = await Promise.all([page.waitForEvent('download'), chooseExport(page, testId)]);
	return { download, bytes: await readFile(await download.path()) };
}

/** Enough that the queue is caught in the middle. */
async function twelve(): Promise<PictureFile[]> {
	const picture = await portrait();
	return Array.from({ length: 12 }, (_, place) => ({ ...picture, name: `${place}.png` }));
}

/** Results of files on a fresh page, as its JSON export gives them. */
async function read(files: readonly Awaited<ReturnType<typeof crowd>>[]): Promise<PhotoExport> {
	const { context, page } = await open(browser, '/photo');
	await waitForStatus(page, 'idle');
	await page.getByTestId('file-input').setInputFiles(files);
	await waitForQueue(page);
	const { bytes } = await save(page, 'save-json');
	await context.close();
	return JSON.parse(bytes.toString()) as PhotoExport;
}

describe('a batch of pictures', () => {
	it('is read in every format, past files that cannot be read', async () => {
		const states = await batch.page
			.getByTestId('picture')
			.evaluateAll((all) => all.map((each) => (each as HTMLElement).dataset['state']));
		expect(states.filter((state) => state === 'done')).toHaveLength(8);
		expect(states.filter((state) => state === 'failed')).toHaveLength(4);
		await expect.poll(() => batch.page.getByTestId('progress').innerText()).toBe('8 of 12 read, 4 could not be read');
	});

	it.each([
		['holiday.jpg', 'picture-other'],
		['empty.png', 'picture-empty'],
		['truncated.jpg', 'picture-truncated'],
		['phone.heic', 'picture-unsupported']
	])('says why %s cannot be read: %s', async (name, code) => {
		await expect.poll(() => listed(batch.page, name).getByTestId('reason').getAttribute('data-code')).toBe(code);
	});

	it('can be filtered and sorted', async () => {
		const { page } = batch;
		const shown = () => page.getByTestId('picture').count();
		await page.locator('[data-filter=unread]').click();
		await expect.poll(shown).toBe(4);
		await page.locator('[data-filter=no-face]').click();
		await expect.poll(shown).toBe(1);
		await page.locator('[data-filter=all]').click();
		await page.getByTestId('order').selectOption('name');
		const names = await page.getByTestId('picture').locator('.name').allTextContents();
		expect(names.slice(0, 2)).toEqual(['empty.png', 'holiday.jpg']);
		await page.getByTestId('order').selectOption('added');
	});

	it('can be walked through by keyboard', async () => {
		const { page } = batch;
		await page.locator('[data-testid=picture][tabindex="0"]').focus();
		await page.keyboard.press('Home');
		await page.locator('[data-testid=picture][aria-selected=true] >> nth=0').waitFor();
		await page.keyboard.press('ArrowRight');
		await page.keyboard.press('ArrowRight');
		const focused = () => page.evaluate(() => document.activeElement?.querySelector('.name')?.textContent);
		await expect.poll(focused).toBe('portrait.avif');
		await waitForStatus(page, 'done');
		await expect.poll(() => page.locator('main canvas[aria-label="portrait.avif"]').count()).toBe(1);
		await page.keyboard.press('End');
		await expect.poll(focused).toBe('huge.jpg');
		await expect.poll(() => page.locator('[data-testid=picture][tabindex="0"]').count()).toBe(1);
	});

	it('has no serious axe violation, explanation included', async () => {
		const { page } = batch;
		await listed(page, 'portrait.jpeg').click();
		await waitForStatus(page, 'done');
		await page.getByTestId('insight-toggle').click();
		await page.locator('[data-testid=insight][data-explained=true]').waitFor();
		const { violations } = await new AxeBuilder({ page }).analyze();
		const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
		expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
	});

	it('shows what the model sees, and a map that is not flat', async () => {
		const { page } = batch;
		const spread = (testId: string) =>
			page.getByTestId(testId).evaluate((canvas) => {
				const { data } = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, 48, 48) ?? { data: [] };
				const reds = [...data].filter((_, index) => index % 4 === 0);
				const colours = [...data].filter((value, index) => index % 4 === 0 && value !== data[index + 2]);
				return { range: Math.max(...reds) - Math.min(...reds), coloured: colours.length };
			});
		const input = await spread('insight-input');
		expect(input.range).toBeGreaterThan(60);
		expect(input.coloured).toBe(0);
		expect((await spread('insight-map')).coloured).toBeGreaterThan(100);
		await expect.poll(() => page.getByTestId('insight-label').innerText()).toMatch(/^Why \w+/);
	});

	it('shows "Unsure" instead of a label below the threshold, in card, list and export', async () => {
		const { page } = batch;
		// No reading is ever that sure, whatever the model and the picture.
		await openSettings(page);
		await page.getByTestId('unsure-below').fill('1');
		await expect.poll(() => page.getByTestId('face-label').first().innerText()).toBe('Unsure');
		await expect.poll(() => listed(page, 'portrait.jpeg').textContent()).toContain('Unsure');
		expect(await listed(page, 'portrait.jpeg').textContent()).not.toContain('%');
		const strict = JSON.parse((await save(page, 'save-json')).bytes.toString()) as PhotoExport;
		await page.getByTestId('unsure-below').fill('0');
		await expect.poll(() => page.getByTestId('face-label').first().innerText()).not.toBe('Unsure');
		const lax = JSON.parse((await save(page, 'save-json')).bytes.toString()) as PhotoExport;
		const unsure = ({ pictures }: PhotoExport) =>
			pictures.flatMap(({ faces }) =>
				faces.flatMap(({ readings }) => Object.values(readings).map((one) => one.unsure))
			);
		expect(unsure(strict)).toContain(true);
		expect(unsure(lax)).not.toContain(true);
	});

	it('is read again when the adjustment for everyday faces changes, and the export says so', async () => {
		const { page } = batch;
		const readAs = async (camera: boolean) => {
			await openSettings(page);
			await page.getByTestId('everyday').setChecked(camera);
			await waitForQueue(page);
			return JSON.parse((await save(page, 'save-json')).bytes.toString()) as PhotoExport;
		};
		const oddsOf = ({ pictures, models: [model] }: PhotoExport) =>
			pictures.flatMap(({ faces }) =>
				faces.map(({ readings }) => {
					const { neutral = NaN, happy = NaN } = readings[model?.id ?? '']?.probabilities ?? {};
					return neutral / happy;
				})
			);
		const trained = await readAs(false);
		const camera = await readAs(true);
		expect(trained.models.map(({ priorRatio }) => priorRatio)).toEqual([null]);
		const ratioOf = (label: string) =>
			camera.models.map(({ labels, priorRatio }) => priorRatio?.[labels.indexOf(label)]);
		expect([ratioOf('neutral'), ratioOf('happy')]).toEqual([[1.5], [2]]);
		const before = oddsOf(trained);
		expect(before.length).toBeGreaterThan(3);
		for (const [face, odds] of oddsOf(camera).entries()) expect(odds / (before[face] ?? NaN)).toBeCloseTo(1.5 / 2, 1);
	});
});

describe('several models', () => {
	it('read the same faces side by side, in cards, list and exports', async () => {
		const { context, page, problems } = await open(browser, '/photo', { prepare: offerSeveral });
		await waitForStatus(page, 'idle');
		await page.getByTestId('file-input').setInputFiles([await portraitAs('webp'), await faceless()]);
		await waitForQueue(page);
		const shipped = (await shownFaces(page))[0];
		await page.getByTestId('compare-live').click();
		const comparison = page.getByTestId('comparison');
		await page.locator('[data-testid=comparison][data-agree=true]').waitFor();
		await page.locator('[data-testid=switch-model][data-model=contrary]').click();
		await page.locator('[data-testid=comparison][data-agree=false]').waitFor();
		const said = await comparison
			.locator('th[data-model]')
			.evaluateAll((all) => all.map((each) => (each as HTMLElement).dataset['label']));
		expect(said).toHaveLength(3);
		expect(said.slice(0, 2)).toEqual([shipped?.label, shipped?.label]);
		expect(said[2]).not.toBe(shipped?.label);
		await expect.poll(() => page.getByTestId('agreement').getAttribute('data-readings')).toBe('1');
		await expect.poll(() => page.getByTestId('agreement').getAttribute('data-unanimous')).toBe('0');
		await page.locator('[data-filter=differ]').click();
		await expect.poll(() => page.getByTestId('picture').count()).toBe(1);
		await expect.poll(() => page.getByTestId('picture').textContent()).toContain('The models differ');
		const json = JSON.parse((await save(page, 'save-json')).bytes.toString()) as PhotoExport;
		const ids = json.models.map(({ id }) => id);
		expect(ids).toHaveLength(3);
		const face = json.pictures.flatMap(({ faces }) => faces)[0];
		expect(ids.map((id) => face?.readings[id]?.label)).toEqual(said);
		const rows = parse<Record<string, string>>((await save(page, 'save-csv')).bytes.toString(), {
			bom: true,
			columns: true
		});
		expect(ids.map((id) => rows[0]?.[`${id}_label`])).toEqual(said);
		const { violations } = await new AxeBuilder({ page }).analyze();
		expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
		// One model again, without reading the pictures anew.
		await page.getByTestId('compare-live').click();
		await expect.poll(() => comparison.count()).toBe(0);
		expect((await shownFaces(page))[0]).toEqual(shipped);
		expect(problems).toEqual([]);
		await context.close();
	});

	it('are reduced to one when another page is opened', async () => {
		const { context, page } = await open(browser, '/photo', { prepare: offerSeveral });
		await waitForStatus(page, 'idle');
		await page.getByTestId('compare-live').click();
		await expect.poll(() => page.locator('[data-testid=switch-model][data-state=running]').count()).toBe(2);
		await page.getByRole('link', { name: 'Live' }).click();
		await page.locator('[data-testid=models]:not([data-running*=" "])').waitFor();
		await context.close();
	});
});

describe('the photo list', () => {
	it('is there again after a visit to another page', async () => {
		const { context, page, problems } = await open(browser, '/photo');
		await waitForStatus(page, 'idle');
		await page.getByTestId('file-input').setInputFiles([await portrait(), await faceless()]);
		await waitForQueue(page);
		const before = await shownFaces(page);
		expect(before).toHaveLength(1);
		await page.getByRole('link', { name: 'Accuracy' }).click();
		await page.getByTestId('model-table').waitFor();
		await page.goBack();
		await waitForStatus(page, 'done');
		expect(await shownFaces(page)).toEqual(before);
		await expect.poll(() => page.getByTestId('progress').innerText()).toBe('2 of 2 read');
		await page.getByTestId('stop').click();
		await waitForStatus(page, 'idle');
		expect(await page.getByTestId('picture').count()).toBe(0);
		expect(problems).toEqual([]);
		await context.close();
	});

	it('goes on from the middle after a visit to another page', async () => {
		const { context, page } = await open(browser, '/photo');
		await waitForStatus(page, 'idle');
		const files = await twelve();
		await page.getByTestId('file-input').setInputFiles(files);
		await page.locator('[data-testid=picture][data-state=done] >> nth=0').waitFor();
		await page.getByRole('link', { name: 'Accuracy' }).click();
		await page.getByTestId('model-table').waitFor();
		await page.getByRole('link', { name: 'Photo' }).click();
		await waitForQueue(page);
		await expect.poll(() => page.getByTestId('progress').innerText()).toBe('12 of 12 read');
		await context.close();
	});

	it('keeps a picture whose file is gone, and says so', async () => {
		const folder = await mkdtemp(join(tmpdir(), 'mien-'));
		const [kept = '', gone = ''] = ['kept.png', 'gone.png'].map((name) => join(folder, name));
		const { buffer } = await portrait();
		await writeFile(kept, buffer);
		await writeFile(gone, buffer);
		const { context, page } = await open(browser, '/photo');
		await waitForStatus(page, 'idle');
		await page.getByTestId('file-input').setInputFiles([kept, gone]);
		await waitForQueue(page);
		await rm(gone);
		const { bytes } = await save(page, 'save-zip');
		expect(bytes.includes('kept.png') && !bytes.includes('gone.png')).toBe(true);
		await page.getByText(/Without gone\.png/).waitFor();
		await listed(page, 'gone.png').click();
		await waitForStatus(page, 'failed');
		await expect.poll(() => page.getByTestId('workbench').innerText()).toContain('no longer where it was');
		await expect.poll(() => page.getByTestId('progress').innerText()).toBe('2 of 2 read');
		await listed(page, 'kept.png').click();
		await waitForStatus(page, 'done');
		await context.close();
		await rm(folder, { recursive: true });
	});

	it('waits for models that cannot be loaded until a retry', async () => {
		const { context, page } = await open(browser, '/photo', {
			prepare: (prepared) => prepared.route('**/models/index.json', (route) => route.abort())
		});
		await waitForStatus(page, 'failed');
		await page.getByTestId('file-input').setInputFiles([await portrait(), await faceless()]);
		await page.locator('main canvas[aria-label="portrait.png"]').waitFor();
		await context.unrouteAll();
		await page.getByTestId('retry').click();
		await waitForQueue(page);
		await expect.poll(() => page.getByTestId('progress').innerText()).toBe('2 of 2 read');
		await context.close();
	});

	it('announces that all are done, and keeps the focus when buttons change or go', async () => {
		const { context, page } = await open(browser, '/photo');
		await waitForStatus(page, 'idle');
		const files = await twelve();
		await page.getByTestId('file-input').setInputFiles([...files, TEXT_NAMED_JPG]);
		await page.getByTestId('cancel').focus();
		await page.keyboard.press('Enter');
		await page.getByTestId('resume').waitFor();
		expect(await focusedTestId(page)).toBe('resume');
		await page.keyboard.press('Enter');
		await waitForQueue(page);
		expect(await focusedTestId(page)).toBe('queue');
		const told = page.getByTestId('queue').locator('[role=status]');
		await expect.poll(() => told.innerText()).toBe('12 of 13 read, 1 could not be read');
		await context.close();
	});
});

describe('exports of a batch', () => {
	it('say the same in JSON and CSV, in pixels of the files', async () => {
		const { page } = batch;
		const json = JSON.parse((await save(page, 'save-json')).bytes.toString()) as PhotoExport;
		const rows = parse<Record<string, string>>((await save(page, 'save-csv')).bytes.toString(), {
			bom: true,
			columns: true
		});
		expect(json.pictures.map(({ file }) => file)).toContain('holiday.jpg');
		expect(new Set(rows.map(({ file }) => file))).toEqual(new Set(json.pictures.map(({ file }) => file)));
		const huge = json.pictures.find(({ file }) => file === 'huge.jpg');
		expect(huge).toMatchObject({ width: 11600, height: 8700 });
		// The portrait begins at 2800, 1350 and is enlarged from 512 to 6000 pixels; its face begins at 178, 81.
		const [face] = huge?.faces ?? [];
		expect(face?.box.x).toBeGreaterThan(4500);
		expect(face?.box.x).toBeLessThan(5200);
		expect(face?.box.width).toBeGreaterThan(900);
		const [model] = json.models;
		const row = rows.find(({ file }) => file === 'huge.jpg');
		expect(Number(row?.['x'])).toBe(face?.box.x);
		const reading = face?.readings[model?.id ?? ''];
		expect(Object.keys(reading?.probabilities ?? {})).toEqual(model?.labels);
		expect(row?.[`${model?.id ?? ''}_label`]).toBe(reading?.label);
		const [turned] = json.pictures.filter(({ file }) => file === 'turned.jpg');
		expect(turned?.faces).toHaveLength(1);
		expect(turned?.faces[0]?.box.y).toBeLessThan(200);
	});

	it('are in a menu that closes when the focus leaves it, and so covers nothing that has it', async () => {
		const { page } = batch;
		const menu = page.getByTestId('export');
		await menu.locator('summary').press('Enter');
		await page.keyboard.press('Tab');
		expect(await focusedTestId(page)).toBe('save-csv');
		await page.getByTestId('save-zip').focus();
		expect(await menu.getAttribute('open')).not.toBeNull();
		await page.keyboard.press('Tab');
		await expect.poll(() => menu.getAttribute('open')).toBeNull();
	});

	it('give pictures with their overlay, one or all', async () => {
		const { page } = batch;
		await listed(page, 'portrait.jpeg').click();
		await waitForStatus(page, 'done');
		const { bytes } = await save(page, 'save-png');
		const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
		expect([info.width, info.height]).toEqual([512, 512]);
		const bare = await sharp((await portraitAs('jpeg')).buffer)
			.raw()
			.toBuffer();
		const changed = data.filter((value, index) => Math.abs(value - (bare[index] ?? 0)) > 40).length;
		expect(changed).toBeGreaterThan(1000);
		expect(changed).toBeLessThan(data.length / 4);
		await page.locator('[data-filter=no-face]').click();
		const archive = await save(page, 'save-zip');
		expect(archive.bytes.subarray(0, 4).toString('latin1')).toBe('PK\x03\x04');
		expect(archive.bytes.toString('latin1')).toContain('wall.png');
		await page.locator('[data-filter=all]').click();
	});
});

describe('small and large faces', () => {
	it('are both found: thirty of 24 pixels, and one that fills the picture', async () => {
		const { pictures } = await read([await crowd(), await fillsFrame()]);
		const [many, one] = pictures;
		console.log(`${many?.faces.length ?? 0} of 30 faces of 24 pixels`);
		expect(many?.faces.length).toBeGreaterThanOrEqual(28);
		expect(many?.faces.length).toBeLessThanOrEqual(31);
		expect(one?.faces).toHaveLength(1);
	});
});

describe('the list of pictures', () => {
	it('counts the expressions in all pictures, and can be sorted as a table', async () => {
		const { page } = batch;
		const summary = page.getByTestId('batch-summary');
		await expect.poll(() => summary.innerText()).toMatch(/All pictures: 12 files, \d+ faces/);
		const counts = await summary
			.locator('li')
			.evaluateAll((all) => all.map((each) => Number((each as HTMLElement).dataset['count'])));
		expect(counts.reduce((sum, count) => sum + count, 0)).toBe(Number(await summary.getAttribute('data-total')));
		await page.getByTestId('as-table').click();
		await page.locator('[data-testid=sort][data-column=share]').click();
		const shares = (await page.getByTestId('photo-table').locator('td.share').allInnerTexts())
			.filter((text) => text !== '')
			.map((text) => parseInt(text));
		expect(shares.length).toBeGreaterThan(2);
		expect(shares).toEqual(shares.toSorted((a, b) => b - a));
		await page.getByTestId('as-table').click();
	});

	it('skips files of other kinds, and says so in one line', async () => {
		const { context, page } = await open(browser, '/photo');
		await waitForStatus(page, 'idle');
		const text = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('No picture.') };
		// A screen reader says only what is added to a status that was there before.
		const status = await page.locator('.bar [role=status]').first().elementHandle();
		await page.getByTestId('file-input').setInputFiles([text, await faceless(), { ...text, name: 'list.csv' }]);
		await expect.poll(() => page.getByTestId('skipped').innerText()).toBe('2 files are not pictures and were skipped.');
		expect(await status.innerText()).toBe('2 files are not pictures and were skipped.');
		await expect.poll(() => page.getByTestId('picture').count()).toBe(1);
		await context.close();
	});

	it('says where to open films, and that sound has no picture', async () => {
		const { context, page } = await open(browser, '/photo');
		await waitForStatus(page, 'idle');
		await page.getByTestId('file-input').setInputFiles([
			{ name: 'holiday.mp4', mimeType: 'video/mp4', buffer: Buffer.from('film') },
			{ name: 'talk.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('sound') }
		]);
		const line = page.getByTestId('skipped');
		await expect
			.poll(() => line.innerText())
			.toBe('One file has sound, but no picture. One file is a film: open it on the Film page.');
		await line.getByRole('link', { name: 'Film' }).click();
		await page.waitForURL('**/film');
		await context.close();
	});

	it('takes pictures from archives, with the names of their folders', async () => {
		const { context, page, problems } = await open(browser, '/photo');
		await waitForStatus(page, 'idle');
		const { buffer } = await portrait();
		const input = Uint8Array.from(buffer);
		const files = ['party/1.png', 'party/2.png', 'notes.txt', '__MACOSX/party/._1.png'];
		const zip = Buffer.from(await downloadZip(files.map((name) => ({ name, input }))).arrayBuffer());
		const tar = await packTar([{ header: { name: 'office/3.png', size: input.length }, body: input }]);
		await page.getByTestId('file-input').setInputFiles([
			{ name: 'photos.zip', mimeType: 'application/zip', buffer: zip },
			{ name: 'more.tar.gz', mimeType: 'application/gzip', buffer: gzipSync(tar) },
			{ name: 'old.rar', mimeType: '', buffer: Buffer.from('Rar!\x1a\x07\x00') }
		]);
		for (const name of ['photos.zip/party/1.png', 'photos.zip/party/2.png', 'more.tar/office/3.png'])
			await listed(page, name).and(page.locator('[data-state=done]')).waitFor();
		await waitForStatus(page, 'done');
		expect(await shownFaces(page)).toHaveLength(1);
		await expect
			.poll(() => page.getByTestId('skipped').innerText())
			.toBe('One file within an archive is not a picture and was skipped.');
		const told = page.locator('[data-testid=error][data-code=archive-unreadable]');
		await expect.poll(() => told.innerText()).toMatch(/old\.rar is a RAR archive.*Unpack it/);
		expect(await page.getByTestId('unpacking').count()).toBe(0);
		expect(problems).toEqual([]);
		await context.close();
	});
});

describe('the queue of pictures', () => {
	it('keeps what is done when it is cancelled, and can go on', async () => {
		const { context, page } = await open(browser, '/photo');
		await waitForStatus(page, 'idle');
		const files = await Promise.all(
			Array.from({ length: 40 }, async (_, index) => ({
				...(await closeUp(200, 0.7 + index / 80)),
				name: `${index}.png`
			}))
		);
		await page.getByTestId('file-input').setInputFiles(files);
		await page.locator('[data-testid=picture][data-state=done]').first().waitFor();
		await expect.poll(() => page.getByTestId('status').innerText()).toMatch(/^Reading picture \d+ of 40$/);
		await page.getByTestId('cancel').click();
		await waitForQueue(page);
		await page.locator('[data-testid=picture][data-state=cancelled]').last().click();
		await expect.poll(() => page.getByRole('region', { name: 'Faces' }).innerText()).toContain('reading was cancelled');
		const done = () => page.locator('[data-testid=picture][data-state=done]').count();
		expect(await done()).toBeGreaterThan(0);
		expect(await done()).toBeLessThan(40);
		await page.getByTestId('resume').click();
		await expect.poll(done, { timeout: 120_000 }).toBe(40);
		await expect.poll(() => page.getByTestId('status').innerText()).toBe('Done');
		// The browser asks before so many are lost, but not before nothing is.
		const questions: string[] = [];
		page.on('dialog', (dialog) => {
			questions.push(dialog.type());
			void dialog.dismiss();
		});
		await page.close({ runBeforeUnload: true });
		await expect.poll(() => questions).toEqual(['beforeunload']);
		expect((await shownFaces(page)).length).toBeGreaterThan(0);
		await page.getByTestId('stop').click();
		await waitForStatus(page, 'idle');
		expect(await page.getByTestId('picture').count()).toBe(0);
		await page.reload();
		expect(questions).toHaveLength(1);
		await context.close();
	});

	it('is read alike by the workers that share it, which end with it', async () => {
		const { context, page, problems } = await open(browser, '/photo');
		// More than the machine may have, so that there are several in any case.
		await page.addInitScript(() => {
			Object.defineProperty(navigator, 'hardwareConcurrency', { value: 3 });
		});
		await page.goto('/photo');
		await waitForStatus(page, 'idle');
		const analysers = (): number => page.workers().filter((worker) => worker.url().includes('analyser')).length;
		await page.getByTestId('file-input').setInputFiles(await twelve());
		await expect.poll(analysers, { timeout: 60_000 }).toBeGreaterThan(1);
		await waitForQueue(page);
		await expect.poll(analysers).toBe(1);
		const { pictures } = JSON.parse((await save(page, 'save-json')).bytes.toString()) as PhotoExport;
		expect(pictures).toHaveLength(12);
		expect(pictures[0]?.faces).toHaveLength(1);
		expect(new Set(pictures.map(({ faces }) => JSON.stringify(faces))).size).toBe(1);
		expect(problems).toEqual([]);
		await context.close();
	});

	it('met no error', () => {
		expect(batch.problems).toEqual([]);
	});
});
