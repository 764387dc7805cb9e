/** The kiosk on sources of every kind, and what it shows of them. */
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Box } from '../../src/lib/core/types';
import { open, openBrowser, waitForResults } from './browser';
import { ASTRONAUT } from './clip';
import { REFUSED_VIDEO } from './gateways';
import { command, expectWorks, hurry, readTrouble, waitForState } from './kiosk';

let browser: Browser;
beforeAll(async () => void (browser = await openBrowser({ webrtc: true })));
afterAll(() => browser.close());

describe('the kiosk', () => {
	it('waits for a server that is away at the start', async () => {
		await command('late', 'set/cut');
		const { context, page } = await open(browser, '/kiosk?source=snapshot:/streams/late/snapshot&log=no');
		await waitForState(page, 'retrying');
		await command('late', 'set/ok');
		await expectWorks(page);
		await expect.poll(() => page.getByTestId('kiosk-incidents').innerText()).toContain('Source away 1');
		await context.close();
	});

	it('reports a camera that repeats one snapshot as frozen, and goes on after that', async () => {
		const { context, page } = await open(browser, '/kiosk?source=snapshot:/streams/same/snapshot&log=no', {
			prepare: hurry
		});
		await expectWorks(page);
		await command('same', 'set/repeat');
		await page.getByText('Source frozen 1').waitFor();
		await command('same', 'set/ok');
		await expectWorks(page);
		await context.close();
	});

	it('with hidden faces never has the original picture in the page', async () => {
		const { context, page } = await open(
			browser,
			'/kiosk?source=mjpeg:/streams/shy/mjpeg&show=blurred&fps=3&lang=de&log=no'
		);
		await waitForResults(page, 1);
		const concealed = page.getByTestId('concealed');
		// No faces are known yet: the whole picture is a mosaic of six squares a side, with black around it.
		await concealed.waitFor();
		expect(await concealed.evaluate(countColours, { x: 0, y: 0, width: 4000, height: 4000 })).toBeLessThanOrEqual(37);
		await waitForResults(page, 20);
		await expectWorks(page);
		const colours = await concealed.evaluate(countColours, await shownBox(page));
		// The mosaic has six squares a side over 1.7 times the face; the face itself has hundreds of colours.
		expect(colours).toBeGreaterThan(1);
		expect(colours).toBeLessThanOrEqual(16);
		expect(await page.getByTestId('picture').count()).toBe(0);
		expect(await page.locator('video').count()).toBe(0);
		await expect.poll(() => page.getByTestId('kiosk-notice').innerText()).toContain('Gesichtsausdrücke');
		await context.close();
	});

	it('shows and reads a turned part of the picture', async () => {
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

	it('runs on a camera of this device', async () => {
		const own = await openBrowser({ camera: 'clip' });
		const { page } = await open(own, '/kiosk?source=camera&mirror=yes&log=no');
		await expectWorks(page);
		expect(await page.evaluate(() => window.recordedTracks.length)).toBe(1);
		await own.close();
	});

	it('with figures only shows no picture at all', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/shy/mjpeg&show=figures&log=no');
		await expectWorks(page);
		expect(await page.locator('main canvas, main video').count()).toBe(0);
		await expect.poll(() => page.getByTestId('chart').count()).toBe(1);
		await context.close();
	});

	it('sends the login that this browser keeps to the camera, and keeps it out of its address', async () => {
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

/** The middle of the face shown last, half as large as its box: the face moves by less than that. */
async function shownBox(page: Page): Promise<Box> {
	const results = await page.evaluate(() => window.recordedResults);
	const { box } = results.at(-1)?.faces[0] ?? { box: null };
	if (box === null) throw new Error('There is no face.');
	const { x, y, width, height } = box;
	return { x: x + width / 4, y: y + height / 4, width: width / 2, height: height / 2 };
}

/** Number of colours in a part of a canvas. */
function countColours(canvas: Element, { x, y, width, height }: Box): number {
	const context = (canvas as HTMLCanvasElement).getContext('2d');
	const { data } = context?.getImageData(x, y, width, height) ?? { data: [] };
	const colours = new Set<number>();
	for (let p = 0; p < data.length; p += 4)
		colours.add(((data[p] ?? 0) << 16) | ((data[p + 1] ?? 0) << 8) | (data[p + 2] ?? 0));
	return colours.size;
}

/** Runs in another page: publishes a moving picture to the peer that made the offer, and gives the answer. */
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

/** Runs in a page: the answer of a peer that has no video to give. */
async function answerWithoutVideo(offer: string): Promise<string> {
	const peer = new RTCPeerConnection();
	await peer.setRemoteDescription({ type: 'offer', sdp: offer });
	await peer.setLocalDescription();
	return peer.localDescription?.sdp ?? '';
}

it.each<[string, (offer: string, peer: Page) => string | Promise<string>]>([
	['refuses the video', () => REFUSED_VIDEO],
	['sends nothing', (offer, peer) => peer.evaluate(answerWithoutVideo, offer)],
	['offers sound instead', () => REFUSED_VIDEO.replace('m=video 0', 'm=audio 9')]
])('WebRTC by WHEP from a camera that has only sound and %s is said to have no pictures', async (_, answer) => {
	const peer = await (await browser.newContext()).newPage();
	const { context, page } = await open(browser, '/kiosk?source=whep:/whep/door&log=no', {
		prepare: (prepared) =>
			prepared.route('**/whep/door', async (route) => {
				const body = await answer(route.request().postData() ?? '', peer);
				await route.fulfill({ status: 201, contentType: 'application/sdp', body });
			})
	});
	await expect.poll(() => readTrouble(page)).toMatch(/no pictures that this browser can play.*only sound/s);
	await context.close();
	await peer.context().close();
});

/** A TURN server that accepts no login: it answers every request with 401 (RFC 8489, section 9.2.4). */
async function refuseTurn(): Promise<{ url: string; stop: () => void }> {
	const socket = createSocket('udp4');
	const attribute = (type: number, value: Buffer): Buffer => {
		const head = Buffer.alloc(4);
		head.writeUInt16BE(type, 0);
		head.writeUInt16BE(value.length, 2);
		return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
	};
	socket.on('message', (request, { port, address }) => {
		const [errorCode, realm, nonce] = [0x09, 0x14, 0x15];
		const body = Buffer.concat([
			attribute(errorCode, Buffer.from('\0\0\x04\x01Unauthorized')),
			attribute(realm, Buffer.from('mien')),
			attribute(nonce, Buffer.from('1234'))
		]);
		// The same cookie and transaction; the method as an error.
		const head = Buffer.from(request.subarray(0, 20));
		head.writeUInt16BE(request.readUInt16BE(0) | 0x0110, 0);
		head.writeUInt16BE(body.length, 2);
		socket.send(Buffer.concat([head, body]), port, address);
	});
	await new Promise<void>((bound) => socket.bind(0, bound));
	return { url: `turn:${localAddress()}:${socket.address().port}`, stop: () => socket.close() };
}

/** An address that other machines could reach: browsers give no candidates for the loopback. */
function localAddress(): string {
	const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
	return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

/** Runs in a page: answers as a peer that never tells its addresses. */
async function answerFromNowhere(offer: string): Promise<string> {
	const peer = new RTCPeerConnection();
	peer.addTrack(document.createElement('canvas').captureStream(1).getTracks()[0] as MediaStreamTrack);
	await peer.setRemoteDescription({ type: 'offer', sdp: offer });
	return (await peer.createAnswer()).sdp ?? '';
}

it('WebRTC by WHEP from a peer out of reach says what is missing', async () => {
	const turn = await refuseTurn();
	const peer = await (await browser.newContext()).newPage();
	const tell = async (ice: string, logins: object, said: RegExp): Promise<void> => {
		const { context, page } = await open(browser, `/kiosk?source=whep:/whep/door&log=no${ice}`, {
			prepare: async (prepared) => {
				await prepared.addInitScript((kept) => localStorage.setItem('mien.logins', kept), JSON.stringify(logins));
				await prepared.route('**/whep/door', async (route) => {
					const body = await peer.evaluate(answerFromNowhere, route.request().postData() ?? '');
					await route.fulfill({ status: 201, contentType: 'application/sdp', body });
				});
			}
		});
		await expect.poll(() => readTrouble(page)).toMatch(said);
		await context.close();
	};
	const wrong = { [turn.url]: { user: 'me', password: 'wrong' } };
	// At the same time, as each waits as long for a connection.
	await Promise.all([
		tell('', {}, /there is no way from here to its addresses/),
		tell(`&ice=${turn.url}`, {}, /turn:.* needs a login, which the set-up page takes/),
		tell(`&ice=${turn.url}`, wrong, /turn:.* refuses the login \(401\)/)
	]);
	await peer.context().close();
	turn.stop();
});

it('WebRTC by WHEP goes on when its peer comes back, and ends the session that broke', async () => {
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
	// The kiosk ends a broken session, too.
	expect(asked).toContain('DELETE /whep/session/1');
	expect(asked[0]).toBe('POST /whep/door');
	await context.close();
	await peer.close();
});
