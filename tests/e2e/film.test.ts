/** The film page: recordings in, timeline, figures and tables out. */
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { MEDIA, violations } from './axe';
import { focusedTestId, open, openBrowser, waitForStatus, type Opened } from './browser';
import { FilmMaker } from './films';

const ffmpeg = inject('ffmpeg');
type Row = Readonly<Record<string, string>>;

async function saved(page: Page, what: string): Promise<string> {
	const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId(`film-save-${what}`).click()]);
	return readFileSync(await download.path(), 'utf8');
}

async function table(page: Page): Promise<Row[]> {
	return parse<Row>(await saved(page, 'csv'), { bom: true, columns: true });
}

async function choose(page: Page, ...files: string[]): Promise<void> {
	await page.getByTestId('film-input').setInputFiles(files);
}

async function select(page: Page, name: string): Promise<void> {
	await page.getByTestId('film').filter({ hasText: name }).click();
}

/** Reads what is chosen, every frame of it. */
async function readAll(page: Page): Promise<void> {
	await page.getByTestId('film-rate').selectOption('all');
	await page.getByTestId('film-start').click();
}

/** Reads a film until more than so many frames of it were read. */
async function readPast(page: Page, path: string, frames: number): Promise<void> {
	await choose(page, path);
	await waitForStatus(page, 'ready');
	await readAll(page);
	const read = (): Promise<number> => page.getByTestId('film-progress').getAttribute('data-frames').then(Number);
	await expect.poll(read).toBeGreaterThan(frames);
}

/** Frames of the film being read that this browser would still have after a crash. */
function framesKept(page: Page): Promise<number> {
	return page.evaluate(
		() =>
			new Promise<number>((resolve, reject) => {
				const opening = indexedDB.open('mien-film');
				opening.onerror = () => reject(new Error('The database does not open'));
				opening.onsuccess = () => {
					const all = opening.result.transaction('films').objectStore('films').getAll();
					all.onsuccess = () => {
						opening.result.close();
						resolve(
							Math.max(
								0,
								...(all.result as { frames: number; ended: string | null }[])
									.filter(({ ended }) => ended === null)
									.map(({ frames }) => frames)
							)
						);
					};
				};
			})
	);
}

/** Runs in the page before its own scripts: a browser that cannot encode H.264. */
function withoutH264(): void {
	const isSupported = VideoEncoder.isConfigSupported.bind(VideoEncoder);
	VideoEncoder.isConfigSupported = async (config) => ({
		...(await isSupported(config)),
		...(config.codec.startsWith('avc') && { supported: false })
	});
}

describe.skipIf(ffmpeg === null)('the film page (needs ffmpeg)', () => {
	let browser: Browser;
	let folder = '';
	let maker: FilmMaker;
	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), 'mien-films-'));
		maker = new FilmMaker(ffmpeg ?? '', inject('clip'), folder);
		browser = await openBrowser();
	});
	afterAll(async () => {
		await browser.close();
		rmSync(folder, { recursive: true });
	});

	describe('with several films', () => {
		let opened: Opened;
		let page: Page;
		const paths: Record<string, string> = {};
		beforeAll(async () => {
			Object.assign(paths, {
				variable: maker.variable(),
				turned: maker.turned(),
				far: maker.farFace(),
				noface: maker.noFaces(),
				webm: maker.webm(),
				twoPass: maker.twoPass(),
				damaged: maker.damaged(),
				joined: maker.joined(),
				cutStream: maker.cutStream(),
				lossyStream: maker.lossyStream(),
				tracks: maker.twoTracks(),
				mov: maker.mov(),
				interrupted: maker.interrupted(),
				transparent: maker.transparent(),
				hdr: maker.hdr(),
				two: maker.twoFaces(),
				cut: maker.cut('before'),
				headless: maker.cut('after'),
				old: maker.unknownCodec(),
				stream: maker.unknownStream(),
				sound: maker.sound(),
				text: maker.text()
			});
			opened = await open(browser, '/film', { reducedMotion: 'reduce', hasTouch: true });
			({ page } = opened);
			await choose(page, ...Object.values(paths));
		});
		afterAll(() => opened.context.close());

		it('reads those that it can, one after another', async () => {
			await expect.poll(() => page.getByTestId('film').count()).toBe(22);
			await select(page, 'variable');
			await waitForStatus(page, 'ready');
			await page.getByText('Read 16 films').waitFor();
			await readAll(page);
			const list = page.getByTestId('films');
			await expect.poll(() => list.innerText(), { timeout: 250_000 }).not.toMatch(/Waiting|Reading|Ready/);
		});

		it('gives the times and numbers of frames that ffprobe gives, with variable frame rates too', async () => {
			await select(page, 'variable');
			const rows = await table(page);
			const times = maker.times(paths['variable'] ?? '');
			const frames = new Map(rows.map(({ frame, timestamp }) => [Number(frame), Number(timestamp)]));
			expect([...frames.keys()]).toEqual(times.map((_, index) => index));
			for (const [index, timeS] of times.entries()) expect(frames.get(index)).toBeCloseTo(timeS, 3);
			expect(rows.filter(({ success }) => success === '1').length).toBeGreaterThan(times.length / 2);
		});

		it('reads all frames of an interrupted recording, and shows any of them', async () => {
			await select(page, 'interrupted');
			const frames = (await table(page)).map(({ frame }) => Number(frame));
			expect(new Set(frames)).toEqual(new Set(Array.from({ length: 30 }, (_, index) => index)));
			await expect.poll(() => page.getByTestId('films').innerText()).toMatch(/interrupted\.mkv\s+Read\n/);
		});

		it('gives each frame its own time if other packets of the film show none', async () => {
			await select(page, 'two-pass');
			expect(maker.times(paths['twoPass'] ?? '').length).toBeGreaterThan(30);
			const rows = await table(page);
			expect(rows.map(({ frame, timestamp }) => [frame, Number(timestamp)])).toEqual(
				Array.from({ length: 30 }, (_, index) => [String(index), index / 10])
			);
		});

		it('turns a film as its file says', async () => {
			await select(page, 'turned');
			const rows = await table(page);
			expect(rows.every(({ success }) => success === '1')).toBe(true);
			// Upright: the eyes are level, and above the mouth.
			const [first] = rows;
			const at = (name: string): number => Number(first?.[name]);
			expect(Math.abs(at('right_eye_y') - at('left_eye_y'))).toBeLessThan(at('box_height') / 4);
			expect(at('mouth_y')).toBeGreaterThan(at('right_eye_y'));
			expect(at('x') + at('box_width')).toBeLessThanOrEqual(330);
		});

		it('finds a small face without being asked to, from the first frame on', async () => {
			await select(page, 'far.mp4');
			const rows = await table(page);
			expect(rows).toHaveLength(10);
			expect(rows.map(({ success }) => success)).toEqual(rows.map(() => '1'));
			expect(Number(rows[0]?.['box_height'])).toBeLessThan(0.15 * 640);
		});

		it('exports a row for each frame without a face, and says that there is no face', async () => {
			await select(page, 'noface');
			const rows = await table(page);
			expect(rows).toHaveLength(10);
			expect(rows.every(({ success, face_id }) => success === '0' && face_id === '')).toBe(true);
			await expect.poll(() => page.getByTestId('film-no-face').innerText()).toBe('100.0 %');
			await expect.poll(() => page.getByTestId('film-timeline').innerText()).toContain('No face so far.');
		});

		it.each(['small.webm', 'small.mov'])('reads %s', async (name) => {
			await select(page, name);
			const rows = await table(page);
			expect(new Set(rows.map(({ frame }) => frame)).size).toBe(10);
			expect(rows.some(({ success }) => success === '1')).toBe(true);
		});

		it('reads a film with transparency, which only the video element can', async () => {
			await select(page, 'transparent');
			const rows = await table(page);
			expect(rows.filter(({ success }) => success === '1').length).toBeGreaterThan(7);
			const json = JSON.parse(await saved(page, 'json')) as { reading: { reader: string; ended: string } };
			expect(json.reading).toMatchObject({ reader: 'video', ended: 'whole' });
		});

		it('reads HDR in MKV as the browser shows it, and says that it is HDR', async () => {
			await select(page, 'hdr.mkv');
			const rows = await table(page);
			expect(rows.filter(({ success }) => success === '1').length).toBeGreaterThan(7);
			const json = JSON.parse(await saved(page, 'json')) as { film: { hdr: boolean; container: string } };
			expect(json.film).toMatchObject({ hdr: true, container: 'Matroska' });
		});

		it('reads a file that was cut short as far as it goes', async () => {
			await select(page, 'cut-before');
			await waitForStatus(page, 'done');
			const rows = await table(page);
			expect(rows.length).toBeGreaterThan(5);
			expect(rows.length).toBeLessThan(40);
			await expect.poll(() => page.getByTestId('status').innerText()).toContain('as far as the file goes');
			const json = JSON.parse(await saved(page, 'json')) as { reading: { ended: string }; film: { frames: number } };
			expect(json.reading.ended).toBe('cut-short');
		});

		it('reads a film on after frames that are damaged, and says so', async () => {
			await select(page, 'damaged.mp4');
			await expect.poll(() => page.getByTestId('status').innerText()).toContain('except where the file is damaged');
			await expect.poll(() => page.getByTestId('film-write').innerText()).toContain('could show faces');
			const frames = (await table(page)).map(({ frame }) => Number(frame));
			const group = (from: number): number[] => Array.from({ length: 10 }, (_, index) => from + index);
			expect(frames).toEqual(expect.arrayContaining([...group(0), ...group(20)]));
			expect(frames).not.toContain(15);
			const json = JSON.parse(await saved(page, 'json')) as { reading: { ended: string; damaged: object[] } };
			expect(json.reading).toMatchObject({ ended: 'damaged', damaged: [{ toSeconds: 2 }] });
			const { fromSeconds = 0 } = json.reading.damaged[0] as { fromSeconds?: number };
			const cues = (await saved(page, 'boris')).split('\r\n').slice(1, -1);
			const times = cues.map((line) => line.split('\t').slice(10, 12).map(Number));
			expect(times.every(([start = 0, stop = 0]) => stop <= fromSeconds || start >= 2)).toBe(true);
			await page.getByTestId('film-playhead').press('Home');
			for (let second = 0; second < 19; second++) await page.keyboard.press('ArrowRight');
			await expect.poll(() => page.getByTestId('film-moment').innerText()).toMatch(/1\.900\s+Damaged\./);
		});

		it('reads a transport stream that begins in the middle of a packet, from its first key frame on', async () => {
			await select(page, 'cut-stream');
			await expect.poll(() => page.getByTestId('films').innerText()).toMatch(/cut-stream\.ts\s+Read\n/);
			const rows = await table(page);
			expect(new Set(rows.map(({ frame }) => frame)).size).toBe(20);
			expect(rows.some(({ success }) => success === '1')).toBe(true);
		});

		it('reads a transport stream that has lost bytes in the middle to its end', async () => {
			await select(page, 'lossy-stream');
			const rows = await table(page);
			const times = rows.filter(({ success }) => success === '1').map(({ timestamp }) => Number(timestamp));
			expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(2.5);
		});

		it('says that a file holds several video tracks, of which one is read', async () => {
			await select(page, 'tracks.mp4');
			const json = JSON.parse(await saved(page, 'json')) as { film: object };
			expect(json.film).toMatchObject({ width: 640, videoTracks: 2 });
			await page.getByTestId('film-again').click();
			await expect.poll(() => page.getByTestId('film-setup').innerText()).toContain('holds 2 video tracks');
		});

		it.each([
			['cut-after', 'film-incomplete'],
			['joined', 'film-restarts'],
			['old.mp4', 'film-codec'],
			['old.ts', 'film-codec'],
			['sound', 'film-no-video'],
			['text', 'film-unreadable']
		])('says why %s cannot be read', async (name, code) => {
			await select(page, name);
			await page.locator(`[data-testid=error][data-code=${code}]`).waitFor();
		});

		it('tells two people apart, who can be renamed, merged and left out', async () => {
			await select(page, 'two.mp4');
			const people = page.getByTestId('film-person');
			await expect.poll(() => people.count()).toBe(2);
			await people.first().getByTestId('film-name').fill('Ada');
			await people.first().getByTestId('film-name').press('Enter');
			// Also on the cards beside the picture.
			const cards = page.getByTestId('face-card');
			const titles = (): Promise<(string | null)[]> =>
				cards.all().then((all) => Promise.all(all.map((card) => card.getAttribute('aria-label'))));
			await expect.poll(async () => (await titles()).toSorted()).toEqual(['Ada', 'Face 2']);
			await people.nth(1).getByTestId('film-hide').click();
			expect(new Set((await table(page)).map(({ person }) => person))).toEqual(new Set(['Ada']));
			await people.nth(1).getByTestId('film-hide').click();
			// Keys open the list of the others; nothing is merged before one is chosen in it.
			const merge = people.nth(1).getByTestId('film-merge');
			for (const key of ['ArrowDown', 'End', 'a']) {
				await merge.press(key);
				expect(await people.count()).toBe(2);
				await page.keyboard.press('Escape');
			}
			await merge.press('ArrowDown');
			await page.keyboard.press('ArrowDown');
			await page.keyboard.press('Enter');
			await expect.poll(() => people.count()).toBe(1);
			const rows = await table(page);
			expect(new Set(rows.map(({ person }) => person))).toEqual(new Set(['Ada']));
			expect(new Set(rows.map(({ face_id }) => face_id)).size).toBe(2);
		});

		it('exports subtitles that the browser itself can read', async () => {
			await select(page, 'two.mp4');
			const cues = await page.evaluate(
				async (text) => {
					const video = document.createElement('video');
					const track = document.createElement('track');
					track.src = URL.createObjectURL(new Blob([text], { type: 'text/vtt' }));
					video.append(track);
					track.track.mode = 'hidden';
					await new Promise((resolve, reject) => {
						track.onload = resolve;
						track.onerror = reject;
					});
					return [...(track.track.cues ?? [])].map((cue) => ({
						from: cue.startTime,
						to: cue.endTime,
						text: (cue as VTTCue).text
					}));
				},
				await saved(page, 'vtt')
			);
			expect(cues.length).toBeGreaterThan(0);
			expect(cues[0]).toMatchObject({ from: 0, text: expect.stringMatching(/^[a-z]+$/) as string });
		});

		it('exports the timeline as SVG and PNG', async () => {
			const svg = await saved(page, 'svg');
			expect(svg).toMatch(/^<svg[^>]+>[\s\S]*two\.mp4[\s\S]*<\/svg>$/);
			const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('film-save-png').click()]);
			expect(
				readFileSync(await download.path())
					.subarray(1, 4)
					.toString()
			).toBe('PNG');
		});

		it('writes the film with labels and its sound, in a format that the browser can encode', async () => {
			const formats = page.getByTestId('film-format').locator('option');
			await expect.poll(() => formats.allInnerTexts()).toContain('WebM (VP8)');
			await page.getByTestId('film-format').selectOption({ label: 'WebM (VP8)' });
			const [download] = await Promise.all([
				page.waitForEvent('download'),
				page.getByTestId('film-write-overlay').click()
			]);
			expect(download.suggestedFilename()).toBe('two.labels.webm');
			const streams = maker.streams(await download.path());
			expect(streams.map(({ codec_name }) => codec_name).sort()).toEqual(['opus', 'vp8']);
			expect(streams.find(({ codec_type }) => codec_type === 'video')).toMatchObject({
				width: 480,
				nb_read_packets: '10'
			});
		});

		it('writes the film with faces hidden: the faces found lose their detail, the rest keeps it', async () => {
			await page.getByTestId('film-format').selectOption({ label: 'WebM (VP8)' });
			const [download] = await Promise.all([
				page.waitForEvent('download'),
				page.getByTestId('film-write-hidden').click()
			]);
			expect(download.suggestedFilename()).toBe('two.hidden.webm');
			const path = await download.path();
			const rows = (await table(page)).filter(({ timestamp }) => Math.abs(Number(timestamp) - 0.5) < 0.01);
			expect(rows).toHaveLength(2);
			const [before, after] = [maker.frame(paths['two'] ?? '', 0.5), maker.frame(path, 0.5)];
			/** Mean step from a pixel to its neighbour. */
			const detail = ({ width, gray }: typeof before, x: number, y: number, side: number): number => {
				let sum = 0;
				for (let row = y; row < y + side; row++)
					for (let column = x; column < x + side; column++) {
						const at = row * width + column;
						sum += Math.abs((gray[at] ?? 0) - (gray[at + 1] ?? 0));
					}
				return sum / side ** 2;
			};
			for (const row of rows) {
				const at = (name: string): number => Math.round(Number(row[name]));
				const place = [at('x'), at('y'), Math.min(at('box_width'), at('box_height'))] as const;
				expect(detail(after, ...place)).toBeLessThan(0.4 * detail(before, ...place));
			}
			expect(detail(after, 0, 200, 38)).toBeGreaterThan(0.5 * detail(before, 0, 200, 38));
		});

		it('compares its readings with codes made by people, and leads to where they differ', async () => {
			const rows = await table(page);
			const label = rows[0]?.['mien_label'] ?? '';
			const other = label === 'happy' ? 'sadness' : 'joy';
			const codes = `start,stop,label\n0,0.5,${label}\n0.5,1,${other}\n`;
			await page
				.getByTestId('codes-input')
				.setInputFiles({ name: 'codes.csv', mimeType: 'text/csv', buffer: Buffer.from(codes) });
			await expect.poll(() => page.getByTestId('kappa').innerText()).toMatch(/^-?\d\.\d{3}$/);
			await page.getByTestId('difference').first().click();
			expect(Number(await page.getByTestId('film-playhead').getAttribute('data-time'))).toBeGreaterThanOrEqual(0.4);
		});

		it('works by keyboard alone: frame steps, markers and excluded ranges', async () => {
			const playhead = page.getByTestId('film-playhead');
			const timeS = async (): Promise<number> => Number(await playhead.getAttribute('data-time'));
			await playhead.focus();
			await page.keyboard.press('Home');
			await page.keyboard.press('ArrowRight');
			await page.keyboard.press('ArrowRight');
			expect(await timeS()).toBeCloseTo(0.2, 2);
			await page.keyboard.press('ArrowLeft');
			expect(await timeS()).toBeCloseTo(0.1, 2);
			await expect.poll(() => playhead.getAttribute('aria-valuetext')).toMatch(/^0:00\.100\. Ada /);
			await page.keyboard.press('m');
			const text = page.getByTestId('film-marker').getByRole('textbox');
			await expect.poll(() => text.evaluate((input) => input === document.activeElement)).toBe(true);
			await page.keyboard.type('a joke, m and j');
			await page.keyboard.press('Tab');
			await expect.poll(() => page.getByTestId('film-marker').count()).toBe(1);
			// A second marker at the same moment is the first.
			await playhead.press('m');
			await expect.poll(() => text.evaluate((input) => input === document.activeElement)).toBe(true);
			expect(await page.getByTestId('film-marker').count()).toBe(1);
			await page.getByTestId('film-figures-part').selectOption({ label: 'a joke, m and j' });
			await expect.poll(() => page.getByTestId('film-figures').innerText()).toContain('0:00.9');
			await page.getByTestId('film-exclude').press('Enter');
			await playhead.focus();
			await page.keyboard.press('End');
			await page.getByTestId('film-exclude').press('Enter');
			expect((await table(page)).every(({ timestamp }) => Number(timestamp) < 0.1)).toBe(true);
			await page.getByTestId('film-excluded').getByRole('button').press('Enter');
			// The next in the list, or else the one before.
			await expect.poll(() => focusedTestId(page)).toBe('film-marker');
		});

		it('plays with J, K and L, also backwards, wherever the focus is', async () => {
			const timeS = (): Promise<number> => page.getByTestId('film-playhead').getAttribute('data-time').then(Number);
			await page.getByTestId('film-playhead').focus();
			await page.keyboard.press('Home');
			await page.getByTestId('film-zoom-in').focus();
			await page.keyboard.press('l');
			await expect.poll(timeS).toBeGreaterThan(0.2);
			await page.keyboard.press('k');
			await expect.poll(() => page.getByTestId('film-play').innerText()).toBe('Play');
			const stoodS = await timeS();
			await page.keyboard.press('j');
			await expect.poll(timeS).toBeLessThan(stoodS);
			await page.keyboard.press('k');
		});

		it('moves through the film when a finger taps or drags', async () => {
			const playhead = page.getByTestId('film-playhead');
			await playhead.scrollIntoViewIfNeeded();
			const box = await playhead.boundingBox();
			if (box === null) throw new Error('no timeline');
			const at = (share: number) => ({ x: box.x + share * box.width, y: box.y + box.height / 2 });
			const timeS = (): Promise<number> => playhead.getAttribute('data-time').then(Number);
			const { x, y } = at(0.25);
			await page.touchscreen.tap(x, y);
			const tappedS = await timeS();
			const client = await page.context().newCDPSession(page);
			const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...touchPoints: { x: number; y: number }[]) =>
				client.send('Input.dispatchTouchEvent', { type, touchPoints });
			await touch('touchStart', at(0.3));
			for (const share of [0.4, 0.5, 0.6, 0.75]) await touch('touchMove', at(share));
			await touch('touchEnd');
			await expect.poll(async () => (await timeS()) - tappedS).toBeGreaterThan(0.2);
			await client.detach();
		});

		it('gives screen readers its position and a name for every control', async () => {
			const snapshot = await page.getByTestId('film-timeline').ariaSnapshot();
			expect(snapshot).toContain('slider "Moment of the film"');
			for (const name of ['One frame back', 'Play', 'One frame forward', 'Zoom in', 'Zoom out', 'Whole film'])
				expect(snapshot).toContain(`button "${name}"`);
			expect(snapshot).not.toMatch(/button\n|textbox\n/);
			const people = await page.getByTestId('film-people').ariaSnapshot();
			expect(people).toContain('textbox "Name of person');
		});

		it.each([390, 1440, 2560])('has no serious violation at %i pixels in any colour scheme', async (width) => {
			await page.setViewportSize({ width, height: 900 });
			for (const media of MEDIA) {
				await page.emulateMedia(media);
				// Only colours differ.
				expect(await violations(page, media === MEDIA[0] ? undefined : ['color-contrast'])).toEqual([]);
			}
			const [content, view] = await page.evaluate(() => [
				document.documentElement.scrollWidth,
				document.documentElement.clientWidth
			]);
			expect(content).toBeLessThanOrEqual(view);
		});

		it('meets no error and no violation of the security policy', () => {
			expect(opened.problems.filter((problem) => !problem.includes('Unsupported video codec'))).toEqual([]);
		});
	});

	it('resumes after its tab was closed, with no frame twice and none left out', async () => {
		const path = maker.plain(30);
		const { context, page } = await open(browser, '/film');
		await readPast(page, path, 20);
		// A closed tab is hidden first, which stores the film. A fast machine may finish before the periodic storing.
		await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
		await expect.poll(() => framesKept(page)).toBeGreaterThan(20);
		await page.close();

		const again = await context.newPage();
		await again.goto('/film');
		await again.getByTestId('films-kept').getByText('plain.mp4', { exact: true }).waitFor();
		await choose(again, path);
		await waitForStatus(again, 'paused');
		const kept = Number(await again.getByTestId('film-progress').getAttribute('data-frames'));
		expect(kept).toBeGreaterThan(0);
		await again.getByTestId('film-resume').click();
		await again.locator('main[data-status=done], main[data-status=reading]').first().waitFor();
		await again.getByTestId('film-cancel').or(again.getByTestId('film-again')).first().waitFor();
		await waitForStatus(again, 'done');
		const rows = await table(again);
		const frames = [...new Set(rows.map(({ frame }) => Number(frame)))];
		expect(frames).toEqual(Array.from({ length: 300 }, (_, index) => index));
		expect(rows[0]?.['datetime']).toBe('2026-05-04T10:20:30.000Z');

		await again.getByTestId('film-erase-all').click();
		await again.reload();
		await again.getByTestId('films').waitFor();
		expect(await again.getByTestId('films-kept').count()).toBe(0);
		await context.close();
	});

	it('still says that a film is damaged if it was resumed behind the damage, in another tab', async () => {
		const path = maker.damaged(30, 'long-damaged.mp4');
		const { context, page } = await open(browser, '/film');
		await readPast(page, path, 30);
		await page.getByTestId('film-pause').click();
		await waitForStatus(page, 'paused');
		await expect.poll(() => page.getByTestId('film-write').innerText()).toContain('could show faces');
		await expect.poll(() => framesKept(page)).toBeGreaterThan(30);
		await page.close();
		const again = await context.newPage();
		await again.goto('/film');
		await again.getByTestId('films-kept').getByText('long-damaged.mp4', { exact: true }).waitFor();
		await choose(again, path);
		await waitForStatus(again, 'paused');
		await again.getByTestId('film-resume').click();
		await waitForStatus(again, 'done');
		await expect.poll(() => again.getByTestId('status').innerText()).toContain('except where the file is damaged');
		await expect.poll(() => again.getByTestId('film-write').innerText()).toContain('could show faces');
		await context.close();
	});

	it('takes codes as those of the open film, and of no other', async () => {
		const { context, page } = await open(browser, '/film');
		const drop = () =>
			page.evaluate(() => {
				const dataTransfer = new DataTransfer();
				dataTransfer.items.add(new File(['start,stop,label\n0,1,happy\n'], 'codes.csv'));
				for (const type of ['dragenter', 'dragover', 'drop'])
					document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
			});
		await waitForStatus(page, 'none');
		// Earlier, it would be taken only once the page's code is there.
		await page.locator('html[data-running]').waitFor();
		await drop();
		await expect.poll(() => page.locator('body').innerText()).toContain('Choose the film first');
		await choose(page, maker.plain(1, 'coded.mp4'));
		await waitForStatus(page, 'ready');
		await drop();
		await readAll(page);
		await waitForStatus(page, 'done');
		await page.getByTestId('kappa').waitFor();
		await choose(page, maker.plain(1, 'other.mp4'));
		await select(page, 'other.mp4');
		await waitForStatus(page, 'ready');
		await readAll(page);
		await waitForStatus(page, 'done');
		const card = page.getByTestId('film-agreement');
		await expect.poll(() => card.innerText()).toContain('Has somebody coded this film by hand?');
		expect(await page.getByTestId('kappa').count()).toBe(0);
		const buffer = Buffer.from('start,stop,label\n0,0.5,happy\n');
		await page.getByTestId('codes-input').setInputFiles({ name: 'chosen.csv', mimeType: 'text/csv', buffer });
		await expect.poll(() => card.innerText()).toContain('chosen.csv');
		// Each film keeps its own.
		for (const [film, file] of [
			['coded.mp4', 'codes.csv'],
			['other.mp4', 'chosen.csv']
		] as const) {
			await select(page, film);
			await page.getByTestId('kappa').waitFor();
			await expect.poll(() => card.innerText()).toContain(file);
		}
		await context.close();
	});

	it('offers a queue again after its tab was closed: finished films stay, and the others resume together', async () => {
		const paths = [maker.plain(1, 'first.mp4'), maker.plain(30, 'second.mp4'), maker.plain(1, 'third.mp4')];
		const { context, page } = await open(browser, '/film');
		await choose(page, ...paths);
		await waitForStatus(page, 'ready');
		await expect.poll(() => page.getByTestId('film-start').innerText()).toBe('Read 3 films');
		await readAll(page);
		await select(page, 'first.mp4');
		await waitForStatus(page, 'done');
		await select(page, 'second.mp4');
		await waitForStatus(page, 'reading');
		await expect
			.poll(() => page.getByTestId('film-progress').getAttribute('data-frames').then(Number))
			.toBeGreaterThan(5);
		await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
		await expect.poll(() => framesKept(page)).toBeGreaterThan(5);
		await page.close();

		const again = await context.newPage();
		await again.goto('/film');
		await expect.poll(() => again.getByTestId('films-kept').getByRole('listitem').count()).toBe(3);
		await choose(again, ...paths);
		await select(again, 'first.mp4');
		await waitForStatus(again, 'done');
		expect(await again.getByTestId('film-resume').count()).toBe(0);
		await select(again, 'third.mp4');
		await waitForStatus(again, 'paused');
		await select(again, 'second.mp4');
		await waitForStatus(again, 'paused');
		const kept = Number(await again.getByTestId('film-progress').getAttribute('data-frames'));
		expect(kept).toBeGreaterThan(0);
		await again.getByTestId('film-resume').click();
		await waitForStatus(again, 'done');
		const rows = await table(again);
		expect([...new Set(rows.map(({ frame }) => Number(frame)))]).toEqual(
			Array.from({ length: 300 }, (_, index) => index)
		);
		await select(again, 'third.mp4');
		await waitForStatus(again, 'done');
		expect((await table(again)).length).toBe(10);
		await context.close();
	});

	it('pauses, resumes, and keeps what was read when it is cancelled, all by keyboard', async () => {
		const { context, page } = await open(browser, '/film', {
			prepare: (prepared) => prepared.addInitScript(withoutH264)
		});
		await choose(page, maker.plain(60, 'long.mp4'));
		await waitForStatus(page, 'ready');
		await page.getByTestId('film-rate').selectOption('all');
		await page.getByTestId('film-start').press('Enter');
		const frames = (): Promise<number> => page.getByTestId('film-progress').getAttribute('data-frames').then(Number);
		await expect.poll(frames).toBeGreaterThan(5);
		// Each button below disappears when it is pressed.
		expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Faces');
		await page.getByTestId('film-pause').press('Enter');
		await waitForStatus(page, 'paused');
		expect(await focusedTestId(page)).toBe('film-resume');
		const paused = await frames();
		await page.waitForTimeout(1000);
		expect(await frames()).toBe(paused);
		await page.keyboard.press('Enter');
		await expect.poll(frames).toBeGreaterThan(paused);
		expect(await focusedTestId(page)).toBe('film-pause');
		await page.getByTestId('film-cancel').press('Enter');
		await waitForStatus(page, 'done');
		expect(await focusedTestId(page)).toBe('film-again');
		expect((await table(page)).length).toBeGreaterThan(paused);
		// An encoder that the browser lacks is not offered.
		const formats = page.getByTestId('film-format').locator('option');
		await expect.poll(() => formats.allInnerTexts()).toContain('WebM (VP9)');
		expect(await formats.allInnerTexts()).not.toContain('MP4 (H.264)');
		await context.close();
	});

	it('reads by seeking if the browser has no WebCodecs, and says so', async () => {
		const { context, page } = await open(browser, '/film', {
			prepare: (prepared) => prepared.addInitScript(() => Reflect.deleteProperty(window, 'VideoDecoder'))
		});
		await choose(page, maker.plain(1, 'seek.mp4'));
		await waitForStatus(page, 'ready');
		await expect.poll(() => page.getByTestId('film-setup').innerText()).toContain('by seeking');
		await page.getByTestId('film-start').click();
		await waitForStatus(page, 'done');
		const rows = await table(page);
		expect(rows.filter(({ success }) => success === '1').length).toBeGreaterThan(7);
		expect(rows.every(({ frame }) => frame === '')).toBe(true);
		for (const { timestamp } of rows) expect((Number(timestamp) * 10) % 1).toBeCloseTo(0, 1);
		await context.close();
	});
});
