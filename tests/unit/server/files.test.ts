import { createHash } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accepts } from '../../../src/server/files';
import { rawRequest, SCRIPT, sendRaw, startSite, type TestSite } from './fixture';

let site: TestSite;
beforeAll(async () => {
	site = await startSite();
});
afterAll(() => site.stop());

interface Got {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly body: Buffer;
}

/** Without the decoding that fetch does by itself. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
	return new Promise((resolve, reject) => {
		const asked = request(`${site.origin}${path}`, { headers, method, agent: false }, (answer) => {
			const pieces: Buffer[] = [];
			answer.on('data', (piece: Buffer) => pieces.push(piece));
			answer.on('end', () =>
				resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) })
			);
		});
		asked.on('error', reject).end();
	});
}

describe('files of the site', () => {
	it('are sent as Brotli, gzip or plain, as the browser accepts', async () => {
		const path = '/_app/immutable/entry.js';
		const brotli = await get(path, { 'accept-encoding': 'gzip, deflate, br' });
		expect(brotli.headers['content-encoding']).toBe('br');
		expect(brotliDecompressSync(brotli.body).toString()).toBe(SCRIPT);
		const zipped = await get(path, { 'accept-encoding': 'br;q=0, gzip;q=0.5' });
		expect(zipped.headers['content-encoding']).toBe('gzip');
		expect(gunzipSync(zipped.body).toString()).toBe(SCRIPT);
		const plain = await get(path);
		expect(plain.headers['content-encoding']).toBeUndefined();
		expect(plain.body.toString()).toBe(SCRIPT);
		for (const { headers } of [brotli, zipped, plain]) {
			expect(headers.vary).toBe('Accept-Encoding');
			expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
			expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
		}
		expect(new Set([brotli, zipped, plain].map(({ headers }) => headers['etag'])).size).toBe(3);
	});

	it('are answered with 304 to a browser that has them, models included', async () => {
		for (const path of ['/', '/models/index.json', '/models/weights.bin']) {
			const first = await get(path);
			expect(first.headers['cache-control']).toBe('no-cache');
			const again = await get(path, { 'if-none-match': String(first.headers['etag']) });
			expect([again.status, again.body.length]).toEqual([304, 0]);
		}
	});

	it('are immutable at an address with their hash', async () => {
		const hash = createHash('sha256').update('0123456789').digest('hex');
		const cacheOf = async (path: string) => (await get(path)).headers['cache-control'];
		expect(await cacheOf(`/models/weights.bin?${hash.slice(0, 16)}`)).toContain('immutable');
		expect(await cacheOf(`/models/weights.bin?${'0'.repeat(16)}`)).toBe('no-cache');
	});

	it.each([
		['bytes=2-4', 206, '234', 'bytes 2-4/10'],
		['bytes=7-', 206, '789', 'bytes 7-9/10'],
		['bytes=-2', 206, '89', 'bytes 8-9/10'],
		['bytes=0-999', 206, '0123456789', 'bytes 0-9/10'],
		['bytes=10-', 416, '', 'bytes */10'],
		['bytes=5-1', 416, '', 'bytes */10'],
		['bytes=x', 200, '0123456789', undefined],
		['lines=1-2', 200, '0123456789', undefined]
	])('are sent in part: %s is answered with %i', async (range, status, body, contentRange) => {
		const answer = await get('/models/weights.bin', { range });
		expect([answer.status, answer.body.toString(), answer.headers['content-range']]).toEqual([
			status,
			body,
			contentRange
		]);
	});

	it('are sent uncompressed in part even if compressed files exist', async () => {
		const answer = await get('/_app/immutable/entry.js', { range: 'bytes=0-5', 'accept-encoding': 'br' });
		expect([answer.status, answer.body.toString()]).toEqual([206, 'export']);
		expect(answer.headers['content-encoding']).toBeUndefined();
	});

	it('are pages without their extension, each with its policy and its own script', async () => {
		for (const [path, name] of [
			['/', 'start'],
			['/photo', 'photo'],
			['/photo?x=1', 'photo'],
			['/compare/benchmark', 'benchmark']
		] as const) {
			const { headers, body } = await get(path);
			expect(body.toString()).toContain(`<title>${name}</title>`);
			const policy = String(headers['content-security-policy']);
			expect(policy).toContain(`script-src 'self' 'sha256-${name}='`);
			expect(policy).toContain("frame-ancestors 'none'");
		}
		const { headers } = await get('/_app/immutable/entry.js');
		const policy = String(headers['content-security-policy']);
		expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval' blob:;");
		expect(policy).toContain("worker-src 'self' blob:;");
		expect(policy).not.toContain('sha256');
	});

	it('that are missing are answered with a page if a page was requested', async () => {
		const page = await get('/nothing', { accept: 'text/html,*/*' });
		expect([page.status, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
		expect(page.body.toString()).toContain('<title>missing</title>');
		expect((await get('/nothing.js')).headers['content-type']).toBe('text/plain; charset=utf-8');
	});

	it.each([
		'/.secret',
		'/%2esecret',
		'/models/../.secret',
		'/..%2f..%2fetc%2fpasswd',
		'/%00',
		'/%',
		'/models',
		'//',
		'/a//b',
		'/c:/x',
		'/%5c'
	])('are not served at %s', async (path) => {
		const answer = await sendRaw(site.port, rawRequest(`GET ${path}`));
		expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
		expect(answer).not.toContain(process.cwd());
	});

	it('are read-only', async () => {
		for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
			const { status, headers } = await get('/', {}, method);
			expect([method, status, headers['allow']]).toEqual([method, 405, 'GET, HEAD']);
		}
		const head = await get('/models/weights.bin', {}, 'HEAD');
		expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '10', 0]);
	});

	it('have addresses without a trailing slash, on this host only', async () => {
		expect((await get('/photo/?a=1')).headers.location).toBe('/photo?a=1');
		expect((await get('//photo/')).headers.location).toBeUndefined();
	});
});

describe('a site below a path', () => {
	it('is served there, and the root redirects to it', async () => {
		const below = await startSite([], '/mien');
		const answer = async (path: string) => {
			const { status, headers } = await fetch(below.origin + path, { redirect: 'manual' });
			return [status, headers.get('location')];
		};
		expect(await answer('/mien/')).toEqual([200, null]);
		expect(await answer('/mien/photo')).toEqual([200, null]);
		expect(await answer('/mien/photo/')).toEqual([308, '/mien/photo']);
		expect(await answer('/mien?a')).toEqual([308, '/mien/?a']);
		expect(await answer('/')).toEqual([308, '/mien/']);
		expect(await answer('/photo')).toEqual([404, null]);
		expect(await answer('/healthz')).toEqual([200, null]);
		await below.stop();
	});
});

it.each([
	['br', true],
	['gzip, BR;q=0.1', true],
	['br;q=0', false],
	['br; q=0.0', false],
	['brotli', false],
	[undefined, false]
])('the header %s accepts Brotli: %s', (header, expected) => {
	expect(accepts(header, 'br')).toBe(expected);
});
