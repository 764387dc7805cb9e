/**
 * `npm run test:browsers`: walks Firefox and WebKitGTK through the built site as it does Chromium, and compares them.
 * Installs what is missing if it may (as root on Debian); reports a missing browser as skipped.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { chromium } from 'playwright-core';
import { provideChromium, QUIET_ARGS } from '../chromium';
import { ASTRONAUT, clipFrames, writeClip } from '../e2e/clip';
import { LiveHls } from '../e2e/ffmpeg';
import { FilmMaker } from '../e2e/films';
import { startStreams } from '../e2e/streams';
import { provideProgram } from '../programs';
import { serveSite } from '../server';
import { type Driver, firstFile, startFirefox, startWebKit } from './driver';

const LIMIT_MS = 90_000;
/** Back ends and decoders differ in the last digits; more would mean another picture, or another preprocessing. */
const MOST_OFF = 0.03;

/** What a browser read in the portrait: probabilities by label. */
type Reading = Readonly<Record<string, number>>;
type Outcome = 'ok' | 'skipped' | 'FAILED';

const results: { browser: string; step: string; outcome: Outcome; detail: string }[] = [];

function report(browser: string, step: string, outcome: Outcome, detail = ''): void {
	results.push({ browser, step, outcome, detail });
	console.log(`${browser}: ${step}: ${outcome}${detail === '' ? '' : ` (${detail})`}`);
}

function which(name: string): string | null {
	if (name.startsWith('/')) return existsSync(name) ? name : null;
	const { status, stdout } = spawnSync('which', [name], { encoding: 'utf8' });
	return status === 0 ? stdout.trim() : null;
}

/**
 * Paths of programs. `names`: their Debian packages by program name or file path. Installs missing packages if it may;
 * null if a program is still missing.
 */
function provide(names: Readonly<Record<string, string>>): Readonly<Record<string, string>> | null {
	const missing = Object.entries(names).filter(([name]) => which(name) === null);
	if (missing.length > 0 && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
		const install = `apt-get install -y -q --no-install-recommends ${missing.map(([, name]) => name).join(' ')}`;
		console.log(`Installing what is missing: ${install}`);
		spawnSync(`${install} || (apt-get update -q && ${install})`, {
			shell: true,
			stdio: ['ignore', 'ignore', 'inherit']
		});
	}
	const found = Object.keys(names).map((name) => [name, which(name)] as const);
	if (found.some(([, path]) => path === null)) return null;
	return Object.fromEntries(found.map(([name, path]) => [name, path ?? '']));
}

async function until(driver: Driver, expression: string, what: string): Promise<void> {
	const lastMs = performance.now() + LIMIT_MS;
	let last: unknown;
	do {
		last = await driver.evaluate(`Boolean(${expression})`).catch((error: unknown) => String(error));
		if (last === true) return;
		await new Promise((done) => setTimeout(done, 250));
	} while (performance.now() < lastMs);
	const shown = await driver.evaluate(`document.querySelector('main')?.innerText.slice(0, 300) ?? ''`).catch(() => '');
	throw new Error(
		`${what} did not come within ${LIMIT_MS / 1000} s; the page shows: ${String(shown).replace(/\s+/g, ' ')}`
	);
}

const find = (testId: string, more = ''): string => `document.querySelector('[data-testid="${testId}"]${more}')`;
const click = (driver: Driver, testId: string) => driver.evaluate(`${find(testId)}.click()`);

/** Probabilities by label, of the first face that the page shows. */
async function shownReading(driver: Driver): Promise<Reading> {
	return (await driver.evaluate(`Object.fromEntries(
		[...${find('face-card')}.querySelectorAll('[data-testid="bar"]')].map(({ dataset }) => [dataset.label, Number(dataset.value)])
	)`)) as Reading;
}

/** The text of the file that a button saves. */
async function saved(driver: Driver, testId: string): Promise<string> {
	await driver.evaluate(
		`void (() => {
			const create = URL.createObjectURL.bind(URL);
			URL.createObjectURL = (blob) => {
				window.saved = blob.text();
				return create(blob);
			};
		})()`
	);
	await click(driver, testId);
	await until(driver, 'window.saved', 'the export');
	return String(await driver.evaluate('window.saved'));
}

/** Mean probabilities by label over the frames of a film's table, of the classifier that reads it. */
function meanReading(table: string): { frames: number; reading: Reading } {
	const rows = parse<Readonly<Record<string, string>>>(table, { bom: true, columns: true });
	const read = rows.filter(({ success }) => success === '1');
	const reading = Object.keys(rows[0] ?? {}).flatMap((name): [string, number][] => {
		const label = /_([a-z]+)_raw$/.exec(name)?.[1];
		return label === undefined ? [] : [[label, read.reduce((sum, row) => sum + Number(row[name]) / read.length, 0)]];
	});
	return { frames: rows.length, reading: Object.fromEntries(reading) };
}

interface Steps {
	readonly origin: string;
	/** A recording of one face; null without ffmpeg. */
	readonly film: string | null;
	/** Null without ffmpeg. */
	readonly hls: string | null;
	readonly hasCamera: boolean;
}

/** Walks step by step; a failed step does not end it. Gives the portrait's readings on the live page and exported. */
async function walk(name: string, driver: Driver, { origin, film, hls, hasCamera }: Steps): Promise<Reading[]> {
	const readings: Reading[] = [];
	const step = async (title: string, run: () => Promise<string | undefined>) => {
		try {
			report(name, title, 'ok', await run());
		} catch (error) {
			report(name, title, 'FAILED', error instanceof Error ? error.message : String(error));
		}
	};
	await step('opens, and reads the sample picture', async () => {
		await driver.open(`${origin}/`);
		await until(driver, `document.querySelector('main[data-status="idle"]')`, 'the live page');
		await click(driver, 'sample');
		await until(driver, `document.querySelector('main[data-status="done"]')`, 'the sample picture');
		const reading = await shownReading(driver);
		readings.push(reading);
		return told(reading);
	});
	await step('reads a photo, and exports it', async () => {
		await driver.open(`${origin}/photo`);
		await until(driver, `document.querySelector('main[data-status="idle"]')`, 'the photo page');
		await driver.chooseFiles('[data-testid="file-input"]', [resolve(ASTRONAUT)]);
		await until(driver, find('picture', '[data-state="done"]'), 'the photo');
		await driver.evaluate(`${find('export', ' summary')}?.click()`);
		const text = await saved(driver, 'save-json');
		const { models, pictures } = JSON.parse(text) as {
			models: { id: string }[];
			pictures: { width: number; faces: { readings: Record<string, { probabilities: Reading }> }[] }[];
		};
		const reading = pictures[0]?.faces[0]?.readings[models[0]?.id ?? '']?.probabilities;
		if (reading === undefined) throw new Error(`no reading in ${text.slice(0, 200)}`);
		readings.push(reading);
		return `${pictures[0]?.width ?? 0} pixels wide, ${told(reading)}`;
	});
	if (film === null)
		report(name, 'reads a film, and exports it', 'skipped', 'there is no ffmpeg, or no decoder for H.264');
	else {
		await step('reads a film, and exports it', async () => {
			await driver.open(`${origin}/film`);
			await until(driver, `document.querySelector('[data-running] main[data-status="none"]')`, 'the film page');
			await driver.chooseFiles('[data-testid="film-input"]', [film]);
			await until(driver, find('film-start', ':enabled'), 'the film');
			await click(driver, 'film-start');
			await until(driver, `document.querySelector('main[data-status="done"]')`, 'the table');
			const { frames, reading } = meanReading(await saved(driver, 'film-save-csv'));
			readings.push(reading);
			return `${frames} frames, ${told(reading)}`;
		});
	}
	if (hasCamera) {
		await step('reads a live camera', async () => {
			await driver.open(`${origin}/`);
			await until(driver, `document.querySelector('main[data-status="idle"]')`, 'the live page');
			await click(driver, 'start-camera');
			await until(driver, `document.querySelector('main[data-status="running"]')`, 'the live camera');
			return undefined;
		});
	} else report(name, 'reads a live camera', 'skipped', 'it has no fake camera');
	for (const source of [
		'mjpeg:/streams/walk/mjpeg',
		'snapshot:/streams/walk/snapshot',
		...(hls === null ? [] : [`hls:${hls}`])
	]) {
		await step(`runs a kiosk on ${source.split(':')[0] ?? ''}`, async () => {
			await driver.open(`${origin}/kiosk?source=${source}&log=no`);
			await until(driver, find('kiosk', '[data-state="running"][data-faces="1"]'), 'a face');
			return undefined;
		});
	}
	if (film === null) report(name, 'runs a kiosk on video', 'skipped', 'there is no ffmpeg, or no decoder for H.264');
	else {
		await step('runs a kiosk on video, again and again', async () => {
			await driver.open(`${origin}/kiosk?source=video:/streams/walk/files/${basename(film)}&log=no`);
			await until(driver, find('kiosk', '[data-state="running"][data-faces="1"]'), 'a face');
			// Six rounds, and longer than a picture may take that comes no more.
			await new Promise((done) => setTimeout(done, 12_000));
			await until(driver, find('kiosk', '[data-state="running"][data-faces="1"]'), 'a face');
			const incidents = await driver.evaluate(`${find('kiosk-incidents')}?.innerText ?? ''`);
			if (incidents !== '') throw new Error(String(incidents));
			return undefined;
		});
	}
	if (hls === null) report(name, 'runs a kiosk on hls', 'skipped', 'there is no ffmpeg, or no decoder for H.264');
	await step('shows the figures', async () => {
		await driver.open(`${origin}/compare`);
		await until(driver, `document.querySelectorAll('main table tbody tr').length > 0`, 'the table');
		return undefined;
	});
	return readings;
}

function told(reading: Reading): string {
	const [top = ['nothing', 0]] = Object.entries(reading).sort(([, a], [, b]) => b - a);
	return `${top[0]} ${(100 * top[1]).toFixed(1)} %`;
}

function compare(name: string, own: readonly Reading[], wanted: readonly Reading[]): void {
	const off = wanted.map((reading, index) =>
		Math.max(...Object.entries(reading).map(([label, value]) => Math.abs(value - (own[index]?.[label] ?? NaN))))
	);
	const worst = Math.max(...off);
	const isNear = wanted.length > 0 && worst <= MOST_OFF;
	report(
		name,
		'agrees with Chromium',
		isNear ? 'ok' : 'FAILED',
		`probabilities at most ${(100 * worst).toFixed(2)} points apart`
	);
}

/** Chromium, to compare with. */
async function startChromium(): Promise<Driver> {
	const browser = await chromium.launch({
		executablePath: provideChromium(),
		args: [...QUIET_ARGS, '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream']
	});
	const page = await browser.newPage();
	return {
		title: `Chromium ${browser.version()}`,
		open: async (url) => {
			await page.goto(url);
		},
		evaluate: (expression) => page.evaluate(expression),
		chooseFiles: (selector, paths) => page.setInputFiles(selector, [...paths]),
		stop: () => browser.close()
	};
}

async function main(): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), 'mien-browsers-'));
	const frames = await clipFrames();
	const clip = join(folder, 'camera.mjpeg');
	await writeClip(clip, frames);
	const streams = await startStreams(frames, folder);
	const site = await serveSite([`--proxy=/streams=${streams.address}`]);
	const ffmpeg = provideProgram('ffmpeg');
	const recorder = ffmpeg === null ? null : new LiveHls(ffmpeg, clip, folder, 'h264');
	try {
		await recorder?.ready();
		const steps = {
			origin: site.origin,
			film: ffmpeg === null ? null : new FilmMaker(ffmpeg, clip, folder).plain(2),
			hls: recorder === null ? null : '/streams/walk/files/live.m3u8',
			hasCamera: true
		};
		const reference = await startChromium();
		const wanted = await walk('Chromium', reference, steps);
		console.log(reference.title);
		await reference.stop();

		const isWanted = (name: string) => chosen.length === 0 || chosen.includes(name);
		const firefox = isWanted('firefox') ? provide({ 'firefox-esr': 'firefox-esr' }) : null;
		if (!isWanted('firefox')) report('Firefox', 'all', 'skipped', 'not asked for');
		else if (firefox === null) report('Firefox', 'all', 'skipped', 'there is no firefox-esr');
		else await walkIn('Firefox', () => startFirefox(firefox['firefox-esr'] ?? ''), steps, wanted);

		const display = process.env['DISPLAY'] === undefined ? { Xvfb: 'xvfb' } : {};
		const webkit = isWanted('webkit') ? provide({ WebKitWebDriver: 'webkit2gtk-driver', ...display }) : null;
		const miniBrowser = webkit === null ? null : findMiniBrowser();
		if (!isWanted('webkit')) report('WebKitGTK', 'all', 'skipped', 'not asked for');
		else if (webkit === null || miniBrowser === null)
			report('WebKitGTK', 'all', 'skipped', 'there is no webkit2gtk-driver');
		else {
			const start = () => startWebKit(webkit['WebKitWebDriver'] ?? '', miniBrowser, webkit['Xvfb'] ?? null);
			// WebKitGTK decodes what GStreamer does, which includes H.264 only with these.
			const decoders = provide({
				[join(libFolder(), 'gstreamer-1.0/libgstlibav.so')]: 'gstreamer1.0-libav',
				[join(libFolder(), 'gstreamer-1.0/libgstvideoparsersbad.so')]: 'gstreamer1.0-plugins-bad'
			});
			const played = decoders === null ? { film: null, hls: null } : {};
			await walkIn('WebKitGTK', start, { ...steps, ...played, hasCamera: false }, wanted);
		}
	} finally {
		await recorder?.stop();
		site.stop();
		streams.stop();
		rmSync(folder, { recursive: true, force: true });
	}
}

async function walkIn(
	name: string,
	start: () => Promise<Driver>,
	steps: Steps,
	wanted: readonly Reading[]
): Promise<void> {
	let driver: Driver;
	try {
		driver = await start();
	} catch (error) {
		report(name, 'starts', 'FAILED', error instanceof Error ? error.message : String(error));
		return;
	}
	try {
		compare(name, await walk(name, driver, steps), wanted);
		console.log(driver.title);
	} finally {
		await driver.stop();
	}
}

/** Debian's library folder, which depends on the architecture. */
function libFolder(): string {
	return `/usr/lib/${execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim()}-linux-gnu`;
}

function findMiniBrowser(): string | null {
	return firstFile(
		['webkitgtk-6.0', 'webkit2gtk-4.1', 'webkit2gtk-4.0'].map((version) => join(libFolder(), version, 'MiniBrowser'))
	);
}

/** `npm run test:browsers -- webkit` runs only that one. */
const chosen = process.argv.slice(2);

await main();
const count = (outcome: Outcome) => results.filter((each) => each.outcome === outcome).length;
console.log(`${count('ok')} ok, ${count('FAILED')} failed, ${count('skipped')} skipped`);
process.exitCode = count('FAILED') === 0 ? 0 : 1;
