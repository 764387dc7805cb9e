/** What people bring: picture files and camera streams that are not quite as they should be, many per page. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PhotoExport } from '../../src/lib/state/photo-export';
import { type Site, serveSite } from '../server';
import { chooseExport, open, openBrowser, waitForStatus } from './browser';
import { ASTRONAUT } from './clip';
import { readTrouble } from './kiosk';
import { startOddStreams, type OddStreams } from './odd-streams';
import type { PictureFile } from './pictures';

const REPORTS = 'tests/fixtures/reports';

let browser: Browser;
beforeAll(async () => {
	browser = await openBrowser({ camera: 'two' });
});
afterAll(() => browser.close());

function reported(path: string): PictureFile {
	const name = path.split('/').at(-1) ?? '';
	// The type that the system derives from the name.
	const mimeType = name.endsWith('.svg') ? 'image/svg+xml' : 'application/octet-stream';
	return { name, mimeType, buffer: readFileSync(join(REPORTS, path)) };
}

const named = (name: string, buffer: Buffer): PictureFile => ({ name, mimeType: 'image/jpeg', buffer });

/** A PNG with one bit per pixel: small as a file, but not when it is shown. */
function blackPng(width: number, height: number): Buffer {
	const part = (name: string, data: Buffer): Buffer => {
		const named = Buffer.concat([Buffer.from(name, 'latin1'), data]);
		const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
		length.writeUInt32BE(data.length);
		sum.writeUInt32BE(crc32(named));
		return Buffer.concat([length, named, sum]);
	};
	const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
	header.writeUInt32BE(width, 0);
	header.writeUInt32BE(height, 4);
	const rows = deflateSync(Buffer.alloc(height * (1 + Math.ceil(width / 8))));
	return Buffer.concat([
		Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
		part('IHDR', header),
		part('IDAT', rows),
		part('IEND', Buffer.alloc(0))
	]);
}

/** What became of files on a fresh photo page: "read 32x24" or the code of the error. */
async function read(files: readonly PictureFile[]): Promise<Record<string, string>> {
	const { context, page } = await open(browser, '/photo');
	await waitForStatus(page, 'idle');
	await page.getByTestId('file-input').setInputFiles(files);
	await page.locator('[data-testid=progress]').waitFor();
	await page.waitForFunction(
		() =>
			document.querySelectorAll('[data-testid=picture][data-state=waiting], [data-testid=picture][data-state=working]')
				.length === 0
	);
	const [download] = await Promise.all([page.waitForEvent('download'), chooseExport(page, 'save-json')]);
	const { pictures } = JSON.parse(await readFile(await download.path(), 'utf8')) as PhotoExport;
	await context.close();
	return Object.fromEntries(
		pictures.map(({ file, status, error, width, height }) => [
			file,
			error ?? `${status} ${width ?? ''}x${height ?? ''}`
		])
	);
}

describe('pictures', () => {
	it('that a browser can show are read at their own size; others are refused with the right reason', async () => {
		const photo = await sharp(ASTRONAUT).removeAlpha().jpeg().toBuffer();
		const progressive = await sharp(ASTRONAUT).removeAlpha().jpeg({ progressive: true }).toBuffer();
		const turned = await sharp(ASTRONAUT)
			.removeAlpha()
			.resize(300, 200)
			.withMetadata({ orientation: 6, density: 300 })
			.jpeg()
			.toBuffer();
		const large = await sharp(ASTRONAUT)
			.removeAlpha()
			.resize(5000, 3000, { fit: 'fill' })
			.withMetadata({ orientation: 8 })
			.jpeg()
			.toBuffer();
		const webp = Buffer.from(await sharp(ASTRONAUT).webp().toBuffer());
		webp.writeUInt32LE(webp.readUInt32LE(4) + 4000, 4);
		const hugeAvif = Buffer.from(await sharp(ASTRONAUT).avif().toBuffer());
		hugeAvif.writeUInt32BE(1_000_000, hugeAvif.indexOf('ispe') + 8);
		const small = await sharp(ASTRONAUT).resize(64, 48, { fit: 'fill' }).png().toBuffer();
		const wrongSum = Buffer.from(small);
		const rows = wrongSum.indexOf('IDAT');
		wrongSum.writeUInt32BE(7, rows + 4 + wrongSum.readUInt32BE(rows - 4));
		// A directory with one entry (16 bytes), which is a PNG.
		const directory = Buffer.from([0, 0, 1, 0, 1, 0, 64, 48, 0, 0, 1, 0, 32, 0, 0, 0, 0, 0, 22, 0, 0, 0]);
		directory.writeUInt32LE(small.length, 14);
		const icon = Buffer.concat([directory, small]);
		// Chunks before the one that a PNG begins with: Apple's, and any other.
		const firstPart = (name: string) =>
			Buffer.concat([small.subarray(0, 8), Buffer.from(`\0\0\0\x04${name}abcdefgh`, 'latin1'), small.subarray(8)]);
		const drawing =
			'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><rect width="50" height="9"/></svg>';
		const svg = (name: string, text: string | Buffer): PictureFile => ({
			...named(name, Buffer.from(text)),
			mimeType: 'image/svg+xml'
		});
		const twelveBits = Buffer.from(photo);
		twelveBits[twelveBits.indexOf(Buffer.from([0xff, 0xc0])) + 4] = 12;
		const files = [
			...readdirSync(REPORTS)
				.filter((folder) => /^(02|04|05|06|07|28|39|48)-/.test(folder))
				.flatMap((folder) => readdirSync(join(REPORTS, folder)).map((file) => reported(`${folder}/${file}`))),
			named('photo-no-end.jpg', photo.subarray(0, -2)),
			named('photo-no-end-padded.jpg', Buffer.concat([photo.subarray(0, -2), Buffer.alloc(5000)])),
			named('photo-cut.jpg', photo.subarray(0, -400)),
			named('progressive-no-end.jpg', progressive.subarray(0, -2)),
			named('progressive-cut.jpg', progressive.subarray(0, -3000)),
			named('turned.jpg', turned),
			named('large.jpg', large),
			named('size-too-big.webp', webp),
			named('wrong-sum.png', wrongSum),
			{ ...named('icon.ico', icon), mimeType: 'application/octet-stream' },
			named('huge.avif', hugeAvif),
			named('twelve-bits.jpg', twelveBits),
			named('page.jpg', Buffer.from('<!DOCTYPE html><title>Sign in</title>')),
			named('apple.png', firstPart('CgBI')),
			named('text-first.png', firstPart('tEXt')),
			named('as-text.png', Buffer.from(small.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')),
			named('line-first.jpg', Buffer.concat([Buffer.from('\r\n'), photo])),
			named('raw.jpg', Buffer.from('II*\0\x10\0\0\0CR\x02\0'.padEnd(600, '\x07'), 'latin1')),
			named('no-picture.gif', Buffer.from('GIF89a\x0a\0\x0a\0\0\0\0\x21\xfe\x02hi\0\x3b', 'latin1')),
			svg('remark.svg', `<?xml version="1.0"?><!-- ${'Made by a program. '.repeat(100)} -->${drawing}`),
			svg('prefix.svg', drawing.replaceAll(/<(\/?)(svg|rect)/g, '<$1s:$2').replace('xmlns=', 'xmlns:s=')),
			svg('utf-16.svg', Buffer.from(`\uFEFF${drawing}`, 'utf16le')),
			named(
				'view-box.svg',
				Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 60"><rect width="50" height="9"/></svg>')
			)
		];
		expect(await read(files)).toEqual({
			'no-eoi.jpg': 'read 32x24',
			'cut-control.jpg': 'picture-truncated',
			'control.bmp': 'read 16x12',
			'cut-control.bmp': 'picture-truncated',
			'size-two-too-big.bmp': 'read 16x12',
			'no-trailer.gif': 'read 16x12',
			'fill-and-appended.jpg': 'read 32x24',
			'density-144.jpg': 'read 32x24',
			'control.avif': 'read 64x48',
			'cut.avif': 'picture-truncated',
			'no-iend.png': 'read 16x12',
			'sized.svg': 'read 32x24',
			'photo-no-end.jpg': 'read 512x512',
			'photo-no-end-padded.jpg': 'read 512x512',
			'photo-cut.jpg': 'picture-truncated',
			'progressive-no-end.jpg': 'read 512x512',
			'progressive-cut.jpg': 'picture-truncated',
			'turned.jpg': 'read 200x300',
			'large.jpg': 'read 3000x5000',
			'size-too-big.webp': 'read 512x512',
			'wrong-sum.png': 'read 64x48',
			'icon.ico': 'read 64x48',
			'huge.avif': 'picture-too-large',
			'twelve-bits.jpg': 'picture-unsupported',
			'page.jpg': 'picture-other',
			'apple.png': 'picture-unsupported',
			'text-first.png': 'picture-damaged',
			'as-text.png': 'picture-damaged',
			'line-first.jpg': 'picture-other',
			'raw.jpg': 'picture-unsupported',
			'no-picture.gif': 'picture-damaged',
			'remark.svg': 'read 90x60',
			'prefix.svg': 'read 90x60',
			'utf-16.svg': 'read 90x60',
			'view-box.svg': 'read 90x60'
		});
	});

	it('that claim more pixels than fit into memory are refused, and the page goes on', async () => {
		const bomb = blackPng(16_000, 16_000);
		expect(bomb.length).toBeLessThan(2_000_000);
		const { context, page } = await open(browser, '/photo');
		await waitForStatus(page, 'idle');
		await page.getByTestId('file-input').setInputFiles([named('bomb.png', bomb)]);
		const notice = page.locator('[data-testid=error][data-code=picture-too-large]');
		await notice.waitFor();
		await expect.poll(() => notice.innerText()).toContain('16,000 × 16,000 pixels');
		await page.getByTestId('file-input').setInputFiles([reported('07-jpeg-density/density-144.jpg')]);
		await page.locator('[data-testid=picture][data-state=done]').waitFor();
		await context.close();
	});
});

describe('odd streams', () => {
	let streams: OddStreams;
	let site: Site;
	beforeAll(async () => {
		streams = await startOddStreams();
		site = await serveSite([`--proxy=/odd=${streams.address}`]);
	});
	afterAll(() => {
		site.stop();
		streams.stop();
	});

	/** Opens one kiosk on all these sources, and hands the view of each to `look`. */
	async function onEach<T>(
		sources: readonly string[],
		look: (view: Locator, page: Page, source: string) => Promise<T>,
		options: BrowserContextOptions = {}
	): Promise<Record<string, T>> {
		const address = sources.map((source) => `source=${source.replace(':', ':/odd/')}&name=${source}`).join('&');
		const { context, page } = await open(browser, `/kiosk?${address}&log=no`, { baseURL: site.origin, ...options });
		const looks = sources.map(async (source) => {
			const view = page.getByRole('region', { name: source, exact: true });
			return [source, await look(view, page, source)] as const;
		});
		const results = Object.fromEntries(await Promise.all(looks));
		await context.close();
		return results;
	}

	it('show the picture that an image element would show', async () => {
		const small = '32x24';
		const expected = {
			'mjpeg:no-end-mark': small,
			'mjpeg:no-end-mark-no-length': small,
			'mjpeg:preview': '64x48',
			'mjpeg:preview-no-length': '64x48',
			'mjpeg:two': small,
			'mjpeg:two-no-length': small,
			'mjpeg:wrong-length': small,
			'mjpeg:other-boundary': small,
			'mjpeg:bare-lines': small,
			'mjpeg:no-parts': small,
			'mjpeg:no-boundary': small,
			'mjpeg:dashed-boundary': small,
			'mjpeg:odd-boundary': small,
			'mjpeg:as-page': small,
			'mjpeg:as-video': small,
			'mjpeg:png-parts': small,
			'mjpeg:chunks': small,
			'mjpeg:moved': small,
			'snapshot:picture-as-page': small,
			'snapshot:picture-as-bytes': small,
			'snapshot:picture-zipped': small,
			'snapshot:picture-png': small
		};
		const sources = Object.keys(expected);
		const size = async (view: Locator) => {
			await expect.poll(() => view.getAttribute('data-state')).toBe('running');
			const canvas = view.locator('canvas').first();
			return canvas.evaluate((element: HTMLCanvasElement) => `${element.width}x${element.height}`);
		};
		// One screen has nine at most.
		for (let at = 0; at < sources.length; at += 6) {
			const some = sources.slice(at, at + 6);
			expect(await onEach(some, size)).toEqual(Object.fromEntries(Object.entries(expected).slice(at, at + 6)));
		}
	});

	it('that are slow or late are shown, and not called frozen', async () => {
		const incidents = await onEach(['mjpeg:slow', 'mjpeg:late'], async (view, page) => {
			await expect.poll(() => view.getAttribute('data-state')).toBe('running');
			// Time for two more pictures of the slow stream.
			await page.waitForTimeout(13_000);
			return (await view.getByTestId('kiosk-incidents').allInnerTexts()).join();
		});
		expect(incidents['mjpeg:slow']).not.toContain('frozen');
	});

	it('that hold no pictures are explained in the words of their server to whoever moves the mouse', async () => {
		const told: Readonly<Record<string, RegExp>> = {
			'mjpeg:empty': /sent no picture.*ffmpeg:door#video=mjpeg/s,
			'mjpeg:words': /sent no picture.*no camera on port 3/s,
			'mjpeg:single': /snapshot: instead of mjpeg:/,
			'mjpeg:login-page': /no pictures that this browser can play.*Sign in to door/s,
			'snapshot:two': /sends pictures without end: write mjpeg: instead of snapshot:/,
			'snapshot:busy': /answered, but with no pictures.*status 503.*Device Busy/s,
			'snapshot:gone': /status 404.*no stream named door/s,
			'whep:codec': /no pictures that this browser can play.*codecs not supported by client/s,
			'hls:hls-codec.m3u8': /no pictures that this browser can play.*any supported codec/s,
			'video:login-page': /no pictures that this browser can play.*Sign in to door/s
		};
		const look = async (view: Locator, page: Page, source: string) => {
			const read = () => readTrouble(page, view);
			await expect.poll(read).toMatch(told[source] ?? /never/);
			expect(await read()).not.toContain('could not be reached');
		};
		await onEach(Object.keys(told).slice(0, 5), look);
		await onEach(Object.keys(told).slice(5), look);
	});

	it('tell visitors what happened, and tell whoever touches the screen what to do', async () => {
		const read = async (view: Locator) => (await view.getByTestId('kiosk-trouble').allInnerTexts()).join();
		const told = /^The server sent no picture\..*no camera on port 3/;
		await onEach(['mjpeg:words'], async (view, page) => {
			await expect.poll(() => read(view)).toMatch(/^The server sent no picture\.$/);
			// Also on a screen that has a mouse.
			await page.dispatchEvent('main', 'pointerdown', { pointerType: 'touch' });
			await expect.poll(() => read(view)).toMatch(told);
		});
		// If nothing can hover, it is always shown.
		await onEach(['mjpeg:words'], (view) => expect.poll(() => read(view)).toMatch(told), { hasTouch: true });
	});
});

describe('a camera', () => {
	it('that the system withholds from the browser is explained as such', async () => {
		const { context, page } = await open(browser, '/', {
			prepare: (prepared) =>
				prepared.addInitScript(() => {
					navigator.mediaDevices.getUserMedia = () =>
						Promise.reject(new DOMException('Permission denied by system', 'NotAllowedError'));
				})
		});
		await waitForStatus(page, 'idle');
		await page.getByTestId('start-camera').click();
		await expect
			.poll(() => page.locator('[data-testid=error][data-code=camera-off]').innerText())
			.toContain('settings of the system');
		await context.close();
	});

	it('that is busy gives way to the next one in a kiosk that names no camera', async () => {
		const { context, page } = await open(browser, '/kiosk?source=camera&log=no', {
			prepare: (prepared) =>
				prepared.addInitScript(() => {
					const devices = navigator.mediaDevices;
					const openDevice = devices.getUserMedia.bind(devices);
					devices.getUserMedia = async (wanted) => {
						const [first] = (await devices.enumerateDevices()).filter(({ kind }) => kind === 'videoinput');
						const video = wanted?.video;
						const id = typeof video === 'object' ? video.deviceId : undefined;
						const exact = typeof id === 'object' && 'exact' in id ? id.exact : id;
						if (exact === undefined || exact === first?.deviceId)
							throw new DOMException('Could not start video source', 'NotReadableError');
						return openDevice(wanted);
					};
				})
		});
		await page.locator('[data-testid=kiosk][data-state=running]').waitFor();
		await context.close();
	});
});

describe('a file dropped anywhere', () => {
	it.each(['/', '/photo', '/film', '/compare', '/compare/benchmark', '/kiosk/setup', '/kiosk?source=camera&log=no'])(
		'is not opened by the browser instead of %s',
		async (path) => {
			const { context, page } = await open(browser, path);
			await page.locator('html[data-running]').waitFor();
			const kept = await page.evaluate(() => {
				const dataTransfer = new DataTransfer();
				dataTransfer.items.add(new File(['not a picture'], 'notes.txt', { type: 'text/plain' }));
				return ['dragover', 'drop'].map((name) => {
					const event = new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true });
					document.body.dispatchEvent(event);
					return event.defaultPrevented;
				});
			});
			expect(kept).toEqual([true, true]);
			await context.close();
		}
	);
});
