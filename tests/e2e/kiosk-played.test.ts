/** The kiosk on what a video element plays: HLS by hls.js, and video files. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { open, openBrowser } from './browser';
import { type LiveCodec, LiveHls, writeRanges, writeSound, writeVideo } from './ffmpeg';
import { command, expectWorks, readTrouble, waitForState } from './kiosk';

const ffmpeg = inject('ffmpeg') ?? '';
const files = inject('files');

/** Chromium's own builds play no H.264. */
async function liveCodec(browser: Browser): Promise<LiveCodec> {
	const { context, page } = await open(browser, '/kiosk/setup');
	const playsH264 = await page.evaluate(() => MediaSource.isTypeSupported('video/mp4; codecs="avc1.42E01E"'));
	await context.close();
	return playsH264 ? 'h264' : 'vp9';
}

describe.skipIf(inject('ffmpeg') === null)('the kiosk (needs ffmpeg)', () => {
	let browser: Browser;
	let recorder: LiveHls;
	beforeAll(async () => {
		browser = await openBrowser();
		recorder = new LiveHls(ffmpeg, inject('clip'), files, await liveCodec(browser));
		await recorder.ready();
	});
	afterAll(async () => {
		await browser.close();
		await recorder.stop();
	});

	it('finds the face in HLS, and goes on after a cut and a standstill', async () => {
		const { context, page, problems } = await open(browser, '/kiosk?source=hls:/streams/hls/files/live.m3u8&log=no');
		await expectWorks(page);
		await page.locator('[data-testid=kiosk][data-faces="1"]').waitFor();

		await command('hls', 'set/cut');
		await waitForState(page, 'retrying');
		await command('hls', 'set/ok');
		await expectWorks(page);

		recorder.pause();
		await waitForState(page, 'retrying');
		// Counted at the next check of the watchdog.
		await expect.poll(() => page.getByTestId('kiosk-incidents').innerText()).toContain('Source frozen');
		recorder.resume();
		await expectWorks(page);
		await page.locator('[data-testid=kiosk][data-faces="1"]').waitFor();
		expect(problems.filter((text) => !/Failed to load resource|ERR_|status of 5/.test(text))).toEqual([]);
		await context.close();
	});

	it('sends its login with every HLS request', async () => {
		const { context, page } = await open(browser, '/kiosk/setup?source=hls:/streams/hls-locked/files/live.m3u8&log=no');
		await page.getByLabel(/Name for/).fill('me');
		await page.getByLabel(/Password for/).fill('s3cret');
		await page.getByLabel(/Password for/).press('Enter');
		await page.getByTestId('open-kiosk').click();
		await expectWorks(page);
		const answer = await command('hls-locked', 'asked');
		const asked = (await answer.json()) as { authorization: string | null }[];
		expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set([`Basic ${btoa('me:s3cret')}`]));
		await context.close();
	});

	describe('on HLS as servers write it', () => {
		let plain = '';
		beforeAll(() => {
			writeRanges(ffmpeg, inject('clip'), join(files, 'ranges.m3u8'));
			writeSound(ffmpeg, join(files, 'sound.m3u8'));
			plain = readFileSync(join(files, 'ranges.m3u8'), 'utf8');
		});
		const master = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="opus"\nsound.m3u8\n';
		const video = '#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="vp09.00.10.08"\nranges.m3u8\n';

		it.each<[string, string, () => string]>([
			['byte ranges of one file, as plain text', 'ranges.txt', () => plain],
			['discontinuities', 'jumps.m3u8', () => plain.replaceAll('#EXTINF', '#EXT-X-DISCONTINUITY\n#EXTINF')],
			['another variant that is only sound', 'master.m3u8', () => master + video],
			['a byte order mark and Windows line breaks', 'windows.m3u8', () => `\uFEFF${plain.replaceAll('\n', '\r\n')}`]
		])('plays a stream with %s', async (_, name, text) => {
			writeFileSync(join(files, name), text());
			const { context, page } = await open(browser, `/kiosk?source=hls:/streams/hls/files/${name}&log=no`);
			await page.locator('[data-testid=kiosk][data-faces="1"]').waitFor();
			await context.close();
		});

		it.each<[string, string, () => string, RegExp]>([
			[
				'whose key is missing',
				'key.m3u8',
				() => plain.replace('#EXTINF', '#EXT-X-KEY:METHOD=AES-128,URI="missing.key"\n#EXTINF'),
				/encrypted, and its key is missing.*status 404/s
			],
			[
				'whose variants are all only sound',
				'sounds.m3u8',
				() => master,
				/no pictures that this browser can play.*only sound/s
			]
		])('explains what is wrong with a stream %s', async (_, name, text, told) => {
			writeFileSync(join(files, name), text());
			const { context, page } = await open(browser, `/kiosk?source=hls:/streams/hls/files/${name}&log=no`);
			await expect.poll(() => readTrouble(page)).toMatch(told);
			await context.close();
		});
	});

	it.each(['video:/streams/sound/files/sound.webm', 'hls:/streams/sound/files/sound.m3u8'])(
		'says of a source with only sound that it has no pictures: %s',
		async (source) => {
			writeSound(ffmpeg, join(files, source.split('/').at(-1) ?? ''));
			const { context, page } = await open(browser, `/kiosk?source=${source}&log=no`);
			await expect.poll(() => readTrouble(page)).toMatch(/no pictures that this browser can play.*only sound/s);
			expect(await page.evaluate(() => window.recordedResults.length)).toBe(0);
			await context.close();
		}
	);

	it('plays a video file again and again, from a server that is away at first', async () => {
		writeVideo(ffmpeg, inject('clip'), join(files, 'clip.webm'));
		await command('file', 'set/cut');
		const { context, page, problems } = await open(browser, '/kiosk?source=video:/streams/file/files/clip.webm&log=no');
		await waitForState(page, 'retrying');
		await command('file', 'set/ok');
		await expectWorks(page);
		await page.locator('[data-testid=kiosk][data-faces="1"]').waitFor();
		// Five times as long as the file.
		const [from] = await page.evaluate(() => window.recordedResults.slice(-1));
		await page.waitForFunction(
			(startMs) => (window.recordedResults.at(-1)?.timeMs ?? 0) > startMs + 10_000,
			from?.timeMs ?? 0
		);
		await expect.poll(() => page.getByTestId('kiosk-incidents').innerText()).toBe('Source away 1');
		expect(problems.filter((text) => !/Failed to load resource|ERR_|status of 5/.test(text))).toEqual([]);
		await context.close();
	});
});
