/** The kiosk on gateways that offer a camera in several ways, and on several cameras at once. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { serveSite, type Site } from '../server';
import { open, openBrowser, waitForResults } from './browser';
import { clipFrames } from './clip';
import type { LiveCodec } from './ffmpeg';
import { type MediaMtx, startGo2rtc, startMediaMtx, type StandIn } from './gateways';
import { expectWorks, hurry } from './kiosk';

let browser: Browser;
beforeAll(async () => void (browser = await openBrowser({ webrtc: true })));
afterAll(() => browser.close());

/** The codec that ffmpeg writes and this browser plays. */
async function playedCodec(): Promise<LiveCodec> {
	const probe = await open(browser, '/kiosk/setup');
	const playsH264 = await probe.page.evaluate(() => MediaSource.isTypeSupported('video/mp4; codecs="avc1.42E01E"'));
	await probe.context.close();
	return playsH264 ? 'h264' : 'vp9';
}

describe.skipIf(inject('ffmpeg') === null)('a go2rtc (needs ffmpeg)', () => {
	let gateway: StandIn;
	let site: Site;
	let page: Page;
	const detail = () => page.getByTestId('kiosk-detail').first().innerText();

	beforeAll(async () => {
		const codec = await playedCodec();
		gateway = await startGo2rtc(inject('ffmpeg') ?? '', inject('clip'), codec, await clipFrames());
		site = await serveSite([`--proxy=/gateway=${gateway.address}`]);
		const address = `${site.origin}/kiosk?source=gateway:/gateway?src=door&log=no`;
		({ page } = await open(browser, address, { prepare: hurry }));
	});
	afterAll(async () => {
		await page.context().close();
		gateway.stop();
		site.stop();
	});

	it('whose WebRTC has no codec for this browser is played by MSE, and the kiosk says so', async () => {
		await expectWorks(page);
		await page.locator('[data-testid=kiosk][data-faces="1"]').waitFor();
		expect(await detail()).toMatch(/^MSE \(WebRTC: .+\)$/);
	});

	it('whose MSE stops is played in the next way, without an incident', async () => {
		gateway.state.mse = false;
		gateway.cut();
		await expect.poll(detail).toMatch(/^Motion JPEG \(WebRTC: .*MSE: the WebSocket was closed.*HLS: .+\)$/);
		await expectWorks(page);
		expect(await page.getByTestId('kiosk-incidents').count()).toBe(0);
	});

	it('is asked for better ways now and then, and is quoted if they still fail', async () => {
		await expect.poll(detail).toMatch(/^Motion JPEG \(WebRTC: .*MSE: .*codecs not matched.*HLS: .+\)$/);
		await expectWorks(page);
	});

	it('whose better way works again is played in that way', async () => {
		gateway.state.mse = true;
		await expect.poll(detail, { timeout: 120_000 }).toMatch(/^MSE/);
		await expectWorks(page);
	});

	it('whose camera gives WebRTC and MSE only sound is played in the next way, and each is explained', async () => {
		gateway.state.soundAlone = true;
		gateway.cut();
		await expect.poll(detail).toMatch(/^Motion JPEG \(WebRTC: [^:]*only sound.*MSE: [^:]*only sound.*HLS: .+\)$/);
		await expectWorks(page);
		gateway.state.soundAlone = false;
	});

	it('that has no way left is retried, and is played once one is back', async () => {
		gateway.state.mse = false;
		gateway.state.mjpeg = false;
		gateway.cut();
		await page.locator('[data-testid=kiosk][data-state=retrying]').waitFor({ timeout: 90_000 });
		gateway.state.mjpeg = true;
		await expectWorks(page);
	});
});

describe.skipIf(inject('ffmpeg') === null)('a MediaMTX (needs ffmpeg)', () => {
	let media: MediaMtx;
	let site: Site;
	let page: Page;
	const detail = () => page.getByTestId('kiosk-detail').first().innerText();

	beforeAll(async () => {
		media = await startMediaMtx(inject('ffmpeg') ?? '', inject('clip'), await playedCodec());
		media.state.whep = "the stream doesn't contain any supported codec";
		site = await serveSite([`--proxy=/whep=${media.address}`, `--proxy=/hls=${media.address}`]);
		({ page } = await open(browser, `${site.origin}/kiosk?source=gateway:/whep/door&log=no`, { prepare: hurry }));
	});
	afterAll(async () => {
		await page.context().close();
		await media.stop();
		site.stop();
	});

	it('whose stream WebRTC cannot take is played by HLS with its cookies, and is quoted for the reason', async () => {
		await expectWorks(page);
		await page.locator('[data-testid=kiosk][data-faces="1"]').waitFor();
		expect(await detail()).toMatch(/^HLS \(WebRTC: .*doesn't contain any supported codec.*\)$/);
		expect(media.sessions()).toBe(1);
		// The proxy keeps the cookies.
		expect((await page.context().cookies()).map(({ name }) => name)).not.toContain('session');
	});

	it('that was restarted, and has forgotten its sessions, is played again in a new session', async () => {
		media.forget();
		await expect.poll(() => media.sessions(), { timeout: 120_000 }).toBeGreaterThan(1);
		await expectWorks(page);
	});

	it('to which nobody publishes is explained as such, and is played once somebody does', async () => {
		media.state.publishing = false;
		media.forget();
		await page.locator('[data-testid=kiosk][data-state=retrying]').waitFor({ timeout: 120_000 });
		await expect.poll(() => page.locator('main').innerText(), { timeout: 60_000 }).toContain('no stream is available');
		media.state.publishing = true;
		await expectWorks(page);
	});
});

describe('several cameras', () => {
	it('share one worker fairly; if one fails, the other goes on; the log tells them apart', async () => {
		const { context, page } = await open(
			browser,
			'/kiosk?source=mjpeg:/streams/wall-a/mjpeg&source=mjpeg:/streams/wall-b/mjpeg&name=Door&name=Yard&region=&region=0,0,100,100'
		);
		const view = (name: string) => page.getByRole('region', { name });
		await expectWorks(page);
		for (const name of ['Door', 'Yard']) {
			await expect.poll(() => view(name).getAttribute('data-state')).toBe('running');
			await expect.poll(() => view(name).getAttribute('data-faces')).toBe('1');
		}
		expect(page.workers()).toHaveLength(1);
		await fetch(`${inject('streams')}/wall-b/set/cut`);
		await expect.poll(() => view('Yard').getAttribute('data-state')).toBe('retrying');
		await expect.poll(() => view('Door').getAttribute('data-state')).toBe('running');
		await waitForResults(page, (await page.evaluate(() => window.recordedResults.length)) + 10);
		await fetch(`${inject('streams')}/wall-b/set/ok`);
		await expect.poll(() => view('Yard').getAttribute('data-state')).toBe('running');
		await page.goto('/kiosk/log');
		await page.locator('[data-testid=kiosk-log]:not([data-minutes="0"])').waitFor();
		await expect
			.poll(() => page.getByTestId('log-camera').locator('option').allInnerTexts())
			.toEqual([...['All cameras', 'Without a name', 'Door', 'Yard']]);
		await page.getByTestId('log-camera').selectOption('Yard');
		await expect.poll(() => page.getByTestId('incident-source-lost').innerText()).toBe('1');
		await page.getByTestId('log-camera').selectOption('Door');
		expect(await page.getByTestId('incident-source-lost').count()).toBe(0);
		await context.close();
	});
});
