/** Cameras below a path of the site, whatever they answer and whoever asks. */
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveSite, type Site } from '../server';

/** What the camera sends, to the byte, by the path that is asked for. */
const ANSWERS: Readonly<Record<string, string>> = {
	'/good':
		'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\nSet-Cookie: a=b\r\nLocation: /good\r\n' +
		'Content-Security-Policy: script-src *\r\nClear-Site-Data: *\r\nAccess-Control-Allow-Origin: *\r\n\r\ngood',
	'/parts': 'HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\nContent-Length: 5\r\n\r\n--b--',
	'/location': 'HTTP/1.1 302 Found\r\nLocation: http://[bad\r\nContent-Length: 0\r\n\r\n',
	'/status': 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n',
	'/nothing': 'HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n',
	'/trailer': 'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nContent-Length: 2\r\n\r\nok',
	'/garbage': '\x00\x01 no answer at all',
	'/cut': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'
};
const camera = createServer((socket) => {
	socket.on('error', () => undefined);
	socket.once('data', (asked) => socket.end(ANSWERS[/^\w+ (\S+)/.exec(asked.toString())?.[1] ?? ''] ?? ''));
});
let site: Site;

beforeAll(async () => {
	await new Promise<void>((listening) => camera.listen(0, '127.0.0.1', listening));
	const { port } = camera.address() as AddressInfo;
	site = await serveSite([`--proxy=/door=http://127.0.0.1:${port}`]);
});
afterAll(() => {
	site.stop();
	camera.close();
});

describe('a camera', () => {
	it.each(Object.keys(ANSWERS))('that answers %s leaves the server as it was', async (path) => {
		await fetch(`${site.origin}/door${path}`, { redirect: 'manual' })
			.then((answer) => answer.text())
			.catch(() => undefined);
		expect((await fetch(site.origin)).status).toBe(200);
	});

	it('tells what its answer is, and nothing that changes this site', async () => {
		const answer = await fetch(`${site.origin}/door/good`);
		expect(await answer.text()).toBe('good');
		const { headers } = answer;
		expect(headers.get('content-type')).toBe('text/html');
		expect(headers.get('location')).toBe('/door/good');
		expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
		for (const name of ['set-cookie', 'clear-site-data', 'access-control-allow-origin'])
			expect(headers.get(name)).toBeNull();
	});

	it('that sends parts has bytes for scripts, as WebKit reads no parts, and parts for images and tabs', async () => {
		const typeFor = async (headers: Record<string, string>): Promise<string | null> =>
			(await fetch(`${site.origin}/door/parts`, { headers })).headers.get('content-type');
		expect(await typeFor({ accept: '*/*', 'sec-fetch-dest': 'empty' })).toBe('application/octet-stream');
		expect(await typeFor({ accept: '*/*' })).toBe('application/octet-stream');
		expect(await typeFor({ accept: 'image/webp,*/*', 'sec-fetch-dest': 'image' })).toMatch(/^multipart/);
		expect(await typeFor({ accept: 'text/html,*/*' })).toMatch(/^multipart/);
	});

	it('is out of reach for pages of other sites', async () => {
		const statusFor = async (headers: Record<string, string>): Promise<number> =>
			(await fetch(`${site.origin}/door/good`, { headers })).status;
		expect(await statusFor({ origin: site.origin })).toBe(200);
		expect(await statusFor({ origin: 'http://localhost:8080' })).toBe(404);
		expect(await statusFor({ 'sec-fetch-site': 'cross-site' })).toBe(404);
	});
});

describe('a port', () => {
	it('that is taken is told of, with what to do', async () => {
		const { port } = camera.address() as AddressInfo;
		await expect(serveSite([`--port=${port}`])).rejects.toThrow(/is already in use\s+Choose another with --port/);
	});
});
