/** The kiosk on streams that are cut, frozen and damaged, and come back. */
import { readFile } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Box } from '../../src/lib/core/types';
import { open, openBrowser, waitForResults } from './browser';
import { ASTRONAUT, farPicture } from './clip';
import { fetchShippedManifest } from './models';
import type { StreamMode } from './streams';

declare global {
	interface Window {
		diskIsFull?: boolean;
	}
}

let browser: Browser;
beforeAll(async () => void (browser = await openBrowser({ webrtc: true })));
afterAll(() => browser.close());

function command(stream: string, what: `set/${StreamMode}` | 'asked'): Promise<Response> {
	return fetch(`${inject('streams')}/${stream}/${what}`);
}

async function waitForState(page: Page, state: 'running' | 'retrying'): Promise<void> {
	await page.locator(`[data-testid=kiosk][data-state=${state}]`).waitFor({ timeout: 90_000 });
}

/** It runs, and more results come than there are. */
async function expectWorks(page: Page): Promise<void> {
	await waitForState(page, 'running');
	await waitForResults(page, (await page.evaluate(() => window.recordedResults.length)) + 5);
}

/** Leaves the kiosk for its log. */
async function openLog(page: Page): Promise<void> {
	await page.goto('/kiosk/log');
	await page.locator('[data-testid=kiosk-log]:not([data-minutes="0"])').waitFor();
}

async function exportedLog(page: Page): Promise<string> {
	const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('csv').click()]);
	return readFile(await download.path(), 'utf8');
}

/** The worker that analyses dies, and another one is started. */
async function killWorker(page: Page): Promise<void> {
	const worker = page.workers().find((each) => each.url().includes('analyser'));
	await worker?.evaluate(() => {
		setTimeout(() => {
			throw new Error('killed by the test');
		});
	});
	await page.getByText(/Analysis restarted 1/).waitFor();
}

/** Of all minutes in the log, which is open. */
async function loggedTotal(page: Page, column: string): Promise<number> {
	const [names = '', ...rows] = (await exportedLog(page)).trim().split('\r\n');
	const place = names.split(',').indexOf(column);
	return rows.reduce((sum, row) => sum + Number(row.split(',')[place]), 0);
}

describe('a Motion JPEG stream', () => {
	let context: BrowserContext;
	let page: Page;
	let problems: string[];

	beforeAll(async () => {
		const address = '/kiosk?source=mjpeg:/streams/door/mjpeg&operator=Museum&link=https://example.com/about&keep=1';
		({ context, page, problems } = await open(browser, address));
		await expectWorks(page);
	});
	afterAll(() => context.close());

	it('starts by itself and finds the face', async () => {
		await page.locator('[data-testid=kiosk][data-faces="1"]').waitFor();
		expect(await page.getByTestId('kiosk-trouble').count()).toBe(0);
	});

	it('tells the people in view, with who and where to read more', async () => {
		const notice = page.getByTestId('kiosk-notice');
		expect(await notice.innerText()).toMatch(/reads facial expressions.*Museum/s);
		expect(await notice.innerText()).not.toMatch(/feeling|emotion/i);
		expect(await notice.getByRole('img', { name: /example\.com\/about/ }).count()).toBe(1);
	});

	it('has its buttons beside the picture on a phone on its side, where captions are above', async () => {
		const before = page.viewportSize();
		await page.setViewportSize({ width: 844, height: 390 });
		const overlay = await page.getByTestId('overlay').boundingBox();
		const pictureEnd = 844 / 2 + ((overlay?.height ?? Infinity) * 4) / 3 / 2;
		const buttons = await page.locator('.buttons').boundingBox();
		expect(buttons?.x).toBeGreaterThan(pictureEnd);
		if (before !== null) await page.setViewportSize(before);
	});

	it.each<[StreamMode, string]>([
		['cut', 'Source lost'],
		['freeze', 'Source frozen'],
		['repeat', 'Source frozen'],
		['corrupt', 'Source frozen']
	])('%s: says so, counts it as "%s", and goes on once it is back', async (mode, title) => {
		await command('door', `set/${mode}`);
		await waitForState(page, 'retrying');
		expect(await page.getByTestId('kiosk-trouble').innerText()).toMatch(/stream|pictures/);
		await expect.poll(() => page.getByTestId('kiosk-incidents').innerText()).toContain(title);
		await command('door', 'set/ok');
		await expectWorks(page);
		expect(await page.getByTestId('kiosk-trouble').count()).toBe(0);
	});

	it('goes on after the worker died', async () => {
		await killWorker(page);
		await expectWorks(page);
	});

	it('leaves what it counted in the log, which exports and erases it', async () => {
		await openLog(page);
		await expect.poll(async () => Number(await page.getByTestId('arrivals').innerText())).toBeGreaterThan(0);
		expect(Number(await page.getByTestId('incident-source-lost').innerText())).toBeGreaterThan(0);
		const csv = await exportedLog(page);
		expect(csv).toMatch(/^\ufeffminute,frames,faces,arrivals/);
		expect(csv.split('\r\n').length).toBeGreaterThan(2);
		await page.getByTestId('erase').click();
		await page.getByTestId('erase-confirm').click();
		await page.locator('[data-testid=kiosk-log][data-minutes="0"]').waitFor();
	});

	it('met no uncaught error and no violation of the security policy', () => {
		expect(
			problems.filter((text) => !/killed by the test|status of 5|Failed to load resource|ERR_/.test(text))
		).toEqual([]);
	});
});

describe('far faces', () => {
	it('a face of 40 pixels in 1280x720 is read, one of 20 is too small to be', async () => {
		const body = await farPicture();
		const { context, page } = await open(browser, '/kiosk?source=snapshot:/far/snapshot&min-face=24&keep=1', {
			prepare: (prepared) =>
				prepared.route(
					({ pathname }) => pathname === '/far/snapshot',
					(route) =>
						// A picture that is the same to the byte would be taken for a frozen camera.
						route.fulfill({ contentType: 'image/jpeg', body: Buffer.concat([body, Buffer.from(String(Date.now()))]) })
				)
		});
		await page.locator('[data-testid=kiosk][data-faces="2"]').waitFor({ timeout: 90_000 });
		const heights = await page.evaluate(() => {
			const { faces = [] } = window.recordedResults.findLast((result) => result.faces.length === 2) ?? {};
			return faces.map(({ box }) => box.height).sort((a, b) => a - b);
		});
		expect(heights[0]).toBeGreaterThan(15);
		expect(heights[0]).toBeLessThan(24);
		expect(heights[1]).toBeGreaterThan(33);
		expect(heights[1]).toBeLessThan(48);
		await openLog(page);
		expect(await loggedTotal(page, 'too_small')).toBe(1);
		await context.close();
	});
});

describe('a face that the model reads with less than its own limit', () => {
	it.each([
		['unsure', '', true],
		['read where the address has a lower one', '&threshold=0', false]
	])('is %s', async (_, threshold, isUnsure) => {
		const shipped = await fetchShippedManifest();
		const json = { ...shipped, models: shipped.models.map((model) => ({ ...model, unsureBelow: 1 })) };
		const { context, page } = await open(browser, `/kiosk?source=mjpeg:/streams/doubt/mjpeg&keep=1${threshold}`, {
			prepare: (prepared) => prepared.route('**/models/index.json', (route) => route.fulfill({ json }))
		});
		await expectWorks(page);
		await page.locator('[data-testid=kiosk][data-faces="1"]').waitFor();
		await waitForResults(page, (await page.evaluate(() => window.recordedResults.length)) + 10);
		await openLog(page);
		const unsureS = await loggedTotal(page, 'unsure_s');
		if (isUnsure) expect(unsureS).toBeGreaterThan(0);
		else expect(unsureS).toBe(0);
		await context.close();
	});
});

describe('what is counted', () => {
	it('is each result once, also where the worker was started again', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/once/mjpeg&keep=1');
		await expectWorks(page);
		await killWorker(page);
		await expectWorks(page);
		await page.evaluate(() => {
			window.addEventListener('pagehide', () =>
				sessionStorage.setItem('results', String(window.recordedResults.length))
			);
		});
		await openLog(page);
		const results = Number(await page.evaluate(() => sessionStorage.getItem('results')));
		const frames = await loggedTotal(page, 'frames');
		expect(frames).toBeLessThanOrEqual(results);
		// The first ones come before a model is known, the last one may be under way.
		expect(frames).toBeGreaterThan(results - 5);
		await context.close();
	});
});

describe('a model that is not there', () => {
	it('is told of with those that are, and another one runs', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/once/mjpeg&model=mein&log=no');
		await expectWorks(page);
		expect(await page.getByTestId('kiosk-warning').innerText()).toMatch(
			/^There is no model “mein”: mien runs. Known: mien, /
		);
		await context.close();
	});
});

describe('a second page of a kiosk, as a preview is', () => {
	const ADDRESS = '/kiosk?source=mjpeg:/streams/twice/mjpeg&keep=1';
	const isHidden = (page: Page, hidden: boolean) =>
		page.evaluate(
			(state) => {
				Object.defineProperty(document, 'visibilityState', { get: () => state, configurable: true });
				document.dispatchEvent(new Event('visibilitychange'));
			},
			hidden ? 'hidden' : 'visible'
		);

	it('counts nothing that the first one counts, and goes on where that one ends', async () => {
		const { context, page } = await open(browser, ADDRESS);
		await expectWorks(page);
		expect(await page.getByTestId('kiosk-warning').count()).toBe(0);
		const second = await context.newPage();
		await second.goto(ADDRESS);
		await expectWorks(second);
		expect(await second.getByTestId('kiosk-warning').innerText()).toBe('Another tab counts');
		const frames = await page.evaluate(() => window.recordedResults.length);
		await page.close();
		await second.getByTestId('kiosk-warning').waitFor({ state: 'detached' });
		await expectWorks(second);
		const least = frames + 4;
		const most = frames + (await second.evaluate(() => window.recordedResults.length));
		await openLog(second);
		const counted = await loggedTotal(second, 'frames');
		expect(counted).toBeGreaterThanOrEqual(least);
		expect(counted).toBeLessThan(most);
		await context.close();
	});

	it('takes over from one that is hidden, which has its turn again after it', async () => {
		const { context, page } = await open(browser, ADDRESS);
		await expectWorks(page);
		const second = await context.newPage();
		await second.goto(ADDRESS);
		await second.getByTestId('kiosk-warning').waitFor();
		await isHidden(page, true);
		await second.getByTestId('kiosk-warning').waitFor({ state: 'detached' });
		expect(await page.getByTestId('kiosk-warning').count()).toBe(1);
		await isHidden(page, false);
		await isHidden(second, true);
		await page.getByTestId('kiosk-warning').waitFor({ state: 'detached' });
		await context.close();
	});

	it('counts beside it where it has another source', async () => {
		const { context, page } = await open(browser, ADDRESS);
		await expectWorks(page);
		const other = await context.newPage();
		await other.goto('/kiosk?source=mjpeg:/streams/other/mjpeg&keep=1');
		await expectWorks(other);
		expect(await other.getByTestId('kiosk-warning').count()).toBe(0);
		await context.close();
	});
});

describe('a log that cannot be written', () => {
	it('is told of on the screen, and written once it can', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/full/mjpeg&keep=1', {
			prepare: (prepared) =>
				prepared.addInitScript(() => {
					const now = Date.now.bind(Date);
					const startMs = now();
					// A minute passes in three seconds.
					Date.now = () => startMs + 20 * (now() - startMs);
					window.diskIsFull = true;
					const { put } = IDBObjectStore.prototype as {
						put: (this: IDBObjectStore, value: unknown) => IDBRequest<IDBValidKey>;
					};
					IDBObjectStore.prototype.put = function (value) {
						if (window.diskIsFull === true) throw new DOMException('The disk is full', 'QuotaExceededError');
						return put.call(this, value);
					};
				})
		});
		await expectWorks(page);
		await expect
			.poll(() => page.getByTestId('kiosk-warning').innerText())
			.toMatch(/^Log cannot be written, \d+ min wait$/);
		await page.evaluate(() => (window.diskIsFull = false));
		await page.getByTestId('kiosk-warning').waitFor({ state: 'detached' });
		await context.close();
	});
});

describe('a log whose database dies', () => {
	it('is opened again, and no minute is lost', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/dead/mjpeg&keep=1', {
			prepare: (prepared) =>
				prepared.addInitScript(() => {
					const now = Date.now.bind(Date);
					const startMs = now();
					// A minute passes in three seconds.
					Date.now = () => startMs + 20 * (now() - startMs);
					// As in Safari: each connection is dead after a few transactions, and nobody is told.
					const { transaction } = IDBDatabase.prototype as {
						transaction: (this: IDBDatabase, ...args: Parameters<IDBDatabase['transaction']>) => IDBTransaction;
					};
					const uses = new WeakMap<IDBDatabase, number>();
					IDBDatabase.prototype.transaction = function (...args) {
						const count = (uses.get(this) ?? 0) + 1;
						uses.set(this, count);
						if (count > 3) throw new DOMException('The database connection is closing', 'InvalidStateError');
						return transaction.apply(this, args);
					};
				})
		});
		await expectWorks(page);
		// Some ten minutes of the kiosk's clock.
		await page.waitForTimeout(30_000);
		expect(await page.getByTestId('kiosk-warning').count()).toBe(0);
		const frames = await page.evaluate(() => window.recordedResults.length);
		await openLog(page);
		expect(Number(await page.getByTestId('kiosk-log').getAttribute('data-minutes'))).toBeGreaterThanOrEqual(8);
		// The first ones come before a model is known.
		expect(await loggedTotal(page, 'frames')).toBeGreaterThanOrEqual(frames - 5);
		await context.close();
	});
});

describe('a page that is left', () => {
	it('loses nothing of the minute under way, and counts nothing as lost', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/stay/mjpeg&keep=1');
		let frames = 0;
		for (let time = 0; time < 3; time++) {
			await expectWorks(page);
			// The last of them may not be counted yet.
			frames += (await page.evaluate(() => window.recordedResults.length)) - 1;
			await page.reload();
		}
		await expectWorks(page);
		expect(await page.getByTestId('kiosk-incidents').count()).toBe(0);
		await openLog(page);
		expect(await loggedTotal(page, 'frames')).toBeGreaterThanOrEqual(frames);
		await context.close();
	});
});

describe('other ways', () => {
	it('a server that is away at the start', async () => {
		await command('late', 'set/cut');
		const { context, page } = await open(browser, '/kiosk?source=snapshot:/streams/late/snapshot&log=no');
		await waitForState(page, 'retrying');
		await command('late', 'set/ok');
		await expectWorks(page);
		expect(await page.getByTestId('kiosk-incidents').innerText()).toContain('Source away 1');
		await context.close();
	});

	it('a camera that gives the same snapshot again and again', async () => {
		const { context, page } = await open(browser, '/kiosk?source=snapshot:/streams/same/snapshot&log=no');
		await expectWorks(page);
		await command('same', 'set/repeat');
		await page.getByText('Source frozen 1').waitFor();
		await command('same', 'set/ok');
		await expectWorks(page);
		await context.close();
	});

	it('hidden faces: the picture is never in the page as it came', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/shy/mjpeg&show=blurred&lang=de&log=no');
		await expectWorks(page);
		const colours = await page.getByTestId('concealed').evaluate(countColours, await shownBox(page));
		// Six squares a side of 1.7 faces; the face itself has hundreds of colours.
		expect(colours).toBeGreaterThan(1);
		expect(colours).toBeLessThanOrEqual(16);
		expect(await page.getByTestId('picture').count()).toBe(0);
		expect(await page.locator('video').count()).toBe(0);
		expect(await page.getByTestId('kiosk-notice').innerText()).toContain('Gesichtsausdrücke');
		await context.close();
	});

	it('a part of the picture, turned', async () => {
		const sizeWith = async (parameters: string) => {
			const { context, page } = await open(browser, `/kiosk?source=mjpeg:/streams/shy/mjpeg&log=no${parameters}`);
			await waitForResults(page, 1);
			const canvas = page.getByTestId('picture').locator('canvas');
			const size = await canvas.evaluate((each) => [
				(each as HTMLCanvasElement).width,
				(each as HTMLCanvasElement).height
			]);
			const [result] = await page.evaluate(() => window.recordedResults);
			expect([result?.width, result?.height]).toEqual(size);
			await context.close();
			return size as [number, number];
		};
		const [width, height] = await sizeWith('');
		expect(await sizeWith('&rotate=90')).toEqual([height, width]);
		expect(await sizeWith('&region=25,0,50,100')).toEqual([width / 2, height]);
		expect(await sizeWith('&region=25,0,50,100&rotate=270')).toEqual([height, width / 2]);
	});

	it('a camera of this device', async () => {
		const own = await openBrowser({ camera: 'clip' });
		const { page } = await open(own, '/kiosk?source=camera&mirror=yes&log=no');
		await expectWorks(page);
		expect(await page.evaluate(() => window.recordedTracks.length)).toBe(1);
		await own.close();
	});

	it('figures alone: no picture at all', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/shy/mjpeg&show=figures&log=no');
		await expectWorks(page);
		expect(await page.locator('main canvas, main video').count()).toBe(0);
		expect(await page.getByTestId('chart').count()).toBe(1);
		await context.close();
	});

	it('a login of this browser reaches the camera, and stands nowhere else', async () => {
		const { context, page } = await open(browser, '/kiosk/setup?source=mjpeg:/streams/locked/mjpeg&log=no');
		await page.getByLabel(/Name for/).fill('me');
		await page.getByRole('textbox', { name: /Password for/ }).fill('s3cret');
		await page.getByRole('button', { name: 'Keep' }).click();
		await page.getByTestId('open-kiosk').click();
		await expectWorks(page);
		const asked = (await (await command('locked', 'asked')).json()) as { authorization: string | null }[];
		expect(asked.at(-1)?.authorization).toBe(`Basic ${btoa('me:s3cret')}`);
		expect(page.url()).not.toContain('s3cret');
		await context.close();
	});
});

/** The middle of the face shown last, half as large as its box: it moves by less. */
async function shownBox(page: Page): Promise<Box> {
	const results = await page.evaluate(() => window.recordedResults);
	const { box } = results.at(-1)?.faces[0] ?? { box: null };
	if (box === null) throw new Error('There is no face.');
	const { x, y, width, height } = box;
	return { x: x + width / 4, y: y + height / 4, width: width / 2, height: height / 2 };
}

/** How many colours a canvas has in a part of it. */
function countColours(canvas: Element, { x, y, width, height }: Box): number {
	const context = (canvas as HTMLCanvasElement).getContext('2d');
	const { data } = context?.getImageData(x, y, width, height) ?? { data: [] };
	const colours = new Set<number>();
	for (let p = 0; p < data.length; p += 4)
		colours.add(((data[p] ?? 0) << 16) | ((data[p + 1] ?? 0) << 8) | (data[p + 2] ?? 0));
	return colours.size;
}

/** Runs in another page: publishes a moving picture to whoever offers, and gives the answers. */
async function publish({ offer, picture }: { offer: string; picture: string }): Promise<string> {
	const image = new Image();
	image.src = picture;
	await image.decode();
	const canvas = document.createElement('canvas');
	canvas.width = 640;
	canvas.height = 480;
	let turn = 0;
	setInterval(() => canvas.getContext('2d')?.drawImage(image, 10 * Math.sin(turn++ / 5), -20, 640, 640), 100);
	const peer = new RTCPeerConnection();
	Object.assign(window, { publishing: peer });
	for (const track of canvas.captureStream(10).getTracks()) peer.addTrack(track);
	await peer.setRemoteDescription({ type: 'offer', sdp: offer });
	await peer.setLocalDescription();
	while (peer.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 50));
	return peer.localDescription?.sdp ?? '';
}

it('WebRTC by WHEP, from a peer that goes away and comes back, and hears that the kiosk left', async () => {
	const peer = await browser.newContext();
	const picture = `data:image/png;base64,${(await readFile(ASTRONAUT)).toString('base64')}`;
	let publisher = await peer.newPage();
	const asked: string[] = [];
	const { context, page } = await open(browser, '/kiosk?source=whep:/whep/door&log=no', {
		prepare: (prepared) =>
			prepared.route(
				({ pathname }) => pathname.startsWith('/whep/'),
				async (route) => {
					const request = route.request();
					asked.push(`${request.method()} ${new URL(request.url()).pathname}`);
					if (request.method() === 'DELETE') return route.fulfill({ status: 200 });
					if (publisher.isClosed()) return route.fulfill({ status: 404 });
					const body = await publisher.evaluate(publish, { offer: request.postData() ?? '', picture });
					return route.fulfill({
						status: 201,
						contentType: 'application/sdp',
						headers: { Location: '/whep/session/1' },
						body
					});
				}
			)
	});
	await expectWorks(page);
	await page.locator('[data-testid=kiosk][data-faces="1"]').waitFor();
	await publisher.close();
	await waitForState(page, 'retrying');
	publisher = await peer.newPage();
	await expectWorks(page);
	// A session that ended is told so, too.
	expect(asked).toContain('DELETE /whep/session/1');
	expect(asked[0]).toBe('POST /whep/door');
	await context.close();
	await peer.close();
});

describe('addresses', () => {
	it('that are wrong say what is allowed, and run nothing of it', async () => {
		const { context, page, problems } = await open(
			browser,
			'/kiosk?source=mjpeg://x.example/&rotate=1&text=<img src=x>%0A.'
		);
		const list = page.getByTestId('problems');
		await list.waitFor();
		const named = await list
			.locator('li')
			.evaluateAll((items) => items.map((item) => (item as HTMLElement).dataset['parameter']));
		expect(named).toEqual(['source', 'rotate', 'text']);
		expect(await list.innerText()).toContain('allowed is one of 0, 90, 180, 270');
		expect(await list.locator('img').count()).toBe(0);
		expect(problems).toEqual([]);
		await context.close();
	});

	it.each(['/kiosk/setup', '/kiosk/log', '/kiosk'])(
		'%s has no serious violation, light or dark, on a phone',
		async (path) => {
			const { context, page } = await open(browser, path, {
				reducedMotion: 'reduce',
				viewport: { width: 360, height: 740 }
			});
			for (const colorScheme of ['light', 'dark'] as const) {
				await page.emulateMedia({ colorScheme });
				await page.locator('#content').waitFor();
				const { violations } = await new AxeBuilder({ page }).analyze();
				const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
				expect(serious.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`))).toEqual([]);
			}
			const { scrollWidth, clientWidth } = await page.evaluate(() => ({
				scrollWidth: document.documentElement.scrollWidth,
				clientWidth: document.documentElement.clientWidth
			}));
			expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
			await context.close();
		}
	);

	it('are built on the set-up page, which says where it is prohibited', async () => {
		const { context, page } = await open(browser, '/kiosk/setup');
		expect(await page.getByTestId('setup').innerText()).toMatch(/work or in education.*prohibited.*Article 50\(3\)/s);
		await page.getByTestId('source-kind').selectOption('mjpeg');
		await page.getByTestId('source-rest').fill('/streams/a/mjpeg');
		await page.getByTestId('set-show').selectOption('figures');
		await page.getByTestId('advanced').locator('summary').click();
		await page.getByTestId('set-keep').fill('999');
		expect(await page.getByTestId('problems').innerText()).toMatch(/^Keep for \(days\) .*from 1 to 60/);
		expect(await page.getByTestId('open-kiosk').isDisabled()).toBe(true);
		await page.getByTestId('set-keep').fill('14');
		expect(await page.getByTestId('address').innerText()).toBe(
			`${inject('origin')}/kiosk?source=mjpeg%3A%2Fstreams%2Fa%2Fmjpeg&show=figures&keep=14`
		);
		await context.close();
	});

	it('of RTSP and of other hosts get the commands that bring them here', async () => {
		const { context, page } = await open(browser, '/kiosk/setup');
		await page.getByTestId('source-kind').selectOption('mjpeg');
		await page.getByTestId('source-rest').fill('rtsp://admin:s3cret@10.0.0.20/Streaming/Channels/101');
		const commands = () => page.getByTestId('command').allInnerTexts();
		expect(await commands()).toEqual([
			expect.stringContaining('rtsp://NAME:PASSWORD@10.0.0.20/Streaming/Channels/101'),
			'npm start -- --host --proxy /camera=http://127.0.0.1:1984'
		]);
		expect(await page.getByTestId('setup').innerText()).not.toContain('s3cret');
		await page.getByTestId('use-bridge').click();
		expect(await page.getByTestId('address').innerText()).toContain('source=gateway%3A%2Fcamera%3Fsrc%3Dcamera');
		await page.getByTestId('source-kind').selectOption('snapshot');
		await page.getByTestId('source-rest').fill('http://10.0.0.20/snap.jpg?a=1&b=2');
		expect(await commands()).toEqual(['npm start -- --host --proxy /camera=http://10.0.0.20']);
		await page.getByTestId('use-bridge').click();
		expect(await page.getByTestId('address').innerText()).toContain('snapshot%3A%2Fcamera%2Fsnap.jpg%3Fa%3D1%26b%3D2');
		await context.close();
	});

	it('are tested on the set-up page: the picture comes, and its region is drawn on it', async () => {
		const { context, page } = await open(browser, '/kiosk/setup?source=mjpeg:/streams/try/mjpeg');
		await page.getByTestId('test').click();
		await page.locator('[data-testid=camera-test][data-state=picture]').waitFor();
		const picture = page.getByTestId('camera-test').locator('svg').first();
		await picture.scrollIntoViewIfNeeded();
		const box = await picture.boundingBox();
		if (box === null) throw new Error('there is no picture');
		await page.mouse.move(box.x + 0.25 * box.width, box.y + 0.1 * box.height);
		await page.mouse.down();
		await page.mouse.move(box.x + 0.75 * box.width, box.y + 0.9 * box.height, { steps: 4 });
		await page.mouse.up();
		expect(await page.getByTestId('set-region').inputValue()).toMatch(/^2[456],(9|10|11),(49|50|51),(79|80|81)$/);
		await command('try', 'set/cut');
		await page.locator('[data-testid=camera-test][data-state=failed]').waitFor();
		await command('try', 'set/ok');
		await context.close();
	});

	it('of several cameras are built there, too', async () => {
		const { context, page } = await open(browser, '/kiosk/setup?source=mjpeg:/streams/one/mjpeg');
		await page.getByTestId('add-camera').click();
		await page.getByTestId('source-rest').nth(1).fill('/streams/two/mjpeg');
		await page.getByTestId('set-name').nth(1).fill('Yard');
		expect(new URL(await page.getByTestId('address').innerText()).search).toBe(
			'?source=mjpeg%3A%2Fstreams%2Fone%2Fmjpeg&source=mjpeg%3A%2Fstreams%2Ftwo%2Fmjpeg&name=&name=Yard'
		);
		await context.close();
	});
});
