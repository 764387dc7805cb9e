/**
 * `npm run bench -- film [SECONDS]`: how fast the film page reads a 720p film with one face, at ten frames a second and
 * all 25, and the page's memory before and after. Also printed as a ratio to the pace at which ffmpeg decodes the same
 * film here with one thread: the ratio can be compared across machines and loads.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Browser, chromium, type Page } from 'playwright-core';
import { provideChromium, QUIET_ARGS } from '../chromium';
import { clipFrames, writeClip } from '../e2e/clip';
import { provideProgram } from '../programs';
import { serveSite } from '../server';
import { browserProcess, processesBelow } from './processes';

const HD = { width: 1280, height: 720 };
/** Long enough for start and end to matter little. */
const SECONDS = Number(process.argv[2] ?? 60);
/** Two hours, at ten frames a second. */
const LONG_FRAMES = 72_000;
/** A busy machine takes ten times as long as an idle one. */
const LIMIT_MS = 1_200_000;

const ffmpeg = provideProgram('ffmpeg');
if (ffmpeg === null) throw new Error('This benchmark needs ffmpeg.');

/** Private megabytes of the browser's processes by kind, as text. */
function told(browserPid: number): string {
	const sums: Record<string, number> = {};
	for (const { kind, privateMb } of processesBelow(browserPid)) sums[kind] = (sums[kind] ?? 0) + privateMb;
	return Object.entries(sums)
		.map(([kind, megabytes]) => `${kind} ${megabytes.toFixed(0)}`)
		.join(', ');
}

async function read(page: Page, film: string, rate: string): Promise<{ seconds: number; frames: number }> {
	await page.getByTestId('film-input').setInputFiles(film);
	await page.getByTestId('film-setup').waitFor({ timeout: LIMIT_MS });
	await page.getByTestId('film-rate').selectOption(rate);
	const began = performance.now();
	await page.getByTestId('film-start').click();
	// By default Playwright polls in every animation frame, which takes a tenth of the page's own work.
	const options = { timeout: LIMIT_MS, polling: 200 };
	await page.waitForFunction(() => document.querySelector('main')?.dataset['status'] === 'done', null, options);
	const seconds = (performance.now() - began) / 1000;
	const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('film-save-csv').click()]);
	const frames =
		readFileSync(await download.path(), 'utf8')
			.trimEnd()
			.split('\r\n').length - 1;
	return { seconds, frames };
}

const folder = mkdtempSync(join(tmpdir(), 'mien-bench-film-'));
const site = await serveSite([]);
let browser: Browser | undefined;
try {
	const clip = join(folder, 'clip.mjpeg');
	await writeClip(clip, await clipFrames({ size: HD }));
	const film = join(folder, 'film.mp4');
	const loop = ['-stream_loop', String(Math.ceil((SECONDS * 25) / 120)), '-f', 'mjpeg', '-framerate', '25', '-i', clip];
	const h264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-b:v', '3M', '-pix_fmt', 'yuv420p'];
	execFileSync(ffmpeg, ['-y', '-v', 'error', ...loop, '-t', String(SECONDS), ...h264, film]);
	const began = performance.now();
	execFileSync(ffmpeg, ['-v', 'error', '-threads', '1', '-i', film, '-f', 'null', '-']);
	const decoded = SECONDS / ((performance.now() - began) / 1000);
	console.log(
		`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1) ?? ''}; a film of ${SECONDS} s, 1280x720, H.264, 25 frames a second, one face`
	);
	console.log(`ffmpeg decodes it with one thread at ${decoded.toFixed(1)}x`);

	browser = await chromium.launch({
		executablePath: provideChromium(),
		args: [...QUIET_ARGS, '--enable-precise-memory-info']
	});
	const pid = browserProcess();
	for (const [rate, what] of [
		['10', 'ten frames a second'],
		['all', 'every frame']
	] as const) {
		const context = await browser.newContext({ baseURL: site.origin });
		const page = await context.newPage();
		await page.goto('/film');
		await page.locator('[data-testid=models]:not([data-running=""])').waitFor({ timeout: LIMIT_MS });
		const before = told(pid);
		const { seconds, frames } = await read(page, film, rate);
		const pace = SECONDS / seconds;
		console.log(
			`${what}: ${pace.toFixed(2)}x the film's pace, ${(pace / decoded).toFixed(3)} of ffmpeg's (${frames} rows in ${seconds.toFixed(1)} s); MB before: ${before}; after: ${told(pid)}; load ${loadavg()[0]?.toFixed(1) ?? ''}`
		);
		await context.close();
	}
	console.log(
		`A table of two hours at ten frames a second has ${LONG_FRAMES} frames: ${((LONG_FRAMES * (8 + 4 + 4 + 4 + 32 * 4)) / 1e6).toFixed(1)} MB a face`
	);
} finally {
	await browser?.close();
	site.stop();
	rmSync(folder, { recursive: true });
}
