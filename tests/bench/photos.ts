/**
 * `npm run bench -- photos`: how fast the photo page reads a folder of detailed pictures, each with one face, with one
 * worker and with its default number, beside the time the browser takes to decode them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Browser, chromium } from 'playwright-core';
import { provideChromium, QUIET_ARGS } from '../chromium';
import { serveSite } from '../server';

const PICTURES = 12;
/** 1.9 and 12 megapixels. */
const SIZES = [
	{ width: 1600, height: 1200 },
	{ width: 4000, height: 3000 }
] as const;
/** A busy machine takes ten times as long as an idle one. */
const LIMIT_MS = 600_000;

/** Runs in the page: the sample in the middle of coarse noise, as JPEG in base64; and milliseconds to decode that. */
async function makePicture({
	width,
	height
}: {
	width: number;
	height: number;
}): Promise<{ jpeg: string; ms: number }> {
	const cell = 8;
	const noise = new OffscreenCanvas(Math.ceil(width / cell), Math.ceil(height / cell));
	const grains = noise.getContext('2d');
	const canvas = new OffscreenCanvas(width, height);
	const context = canvas.getContext('2d');
	if (grains === null || context === null) throw new Error('no canvas');
	const pixels = grains.createImageData(noise.width, noise.height);
	for (let i = 0, state = 1; i < pixels.data.length; i++) {
		state = (state * 48271) % 2147483647;
		pixels.data[i] = i % 4 === 3 ? 255 : state % 256;
	}
	grains.putImageData(pixels, 0, 0);
	context.drawImage(noise, 0, 0, width, height);
	const sample = await createImageBitmap(await (await fetch('/samples/astronaut.webp')).blob());
	const side = height / 2;
	context.drawImage(sample, (width - side) / 2, (height - side) / 2, side, side);
	const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
	const startMs = performance.now();
	(await createImageBitmap(blob)).close();
	const ms = performance.now() - startMs;
	const bytes = new Uint8Array(await blob.arrayBuffer());
	return { jpeg: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')), ms };
}

const folder = mkdtempSync(join(tmpdir(), 'mien-bench-photos-'));
const site = await serveSite();
let browser: Browser | undefined;

/**
 * Milliseconds per file, from choosing them to the last result. `cores`: the number reported to the page, or null for
 * its own.
 */
async function read(started: Browser, files: readonly string[], cores: number | null): Promise<number> {
	const context = await started.newContext({ baseURL: site.origin });
	try {
		const page = await context.newPage();
		if (cores !== null)
			await page.addInitScript((value) => {
				Object.defineProperty(navigator, 'hardwareConcurrency', { value });
			}, cores);
		await page.goto('/photo');
		await page.locator('[data-testid=models]:not([data-running=""])').waitFor({ timeout: LIMIT_MS });
		const began = performance.now();
		await page.getByTestId('file-input').setInputFiles([...files]);
		await page.locator('[data-testid=queue][data-open="0"]').waitFor({ timeout: LIMIT_MS });
		const ms = (performance.now() - began) / files.length;
		const told = await page.getByTestId('progress').innerText();
		if (!told.startsWith(`${files.length} of ${files.length} read`)) throw new Error(told);
		return ms;
	} finally {
		await context.close();
	}
}

try {
	browser = await chromium.launch({ executablePath: provideChromium(), args: QUIET_ARGS });
	console.log(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1) ?? ''}; ${PICTURES} pictures of each size`);
	for (const size of SIZES) {
		const page = await browser.newPage({ baseURL: site.origin });
		await page.goto('/compare');
		const { jpeg, ms } = await page.evaluate(makePicture, size);
		await page.close();
		const files = Array.from({ length: PICTURES }, (_, index) => join(folder, `${size.width}-${index}.jpg`));
		for (const file of files) writeFileSync(file, Buffer.from(jpeg, 'base64'));
		const [one, all] = [await read(browser, files, 1), await read(browser, files, null)];
		console.log(
			`${size.width}x${size.height}: decoding ${ms.toFixed(0)} ms; a picture ${one.toFixed(0)} ms with one worker, ` +
				`${all.toFixed(0)} ms with all (${(all / one).toFixed(2)} of it)`
		);
	}
} finally {
	await browser?.close();
	site.stop();
	rmSync(folder, { recursive: true });
}
