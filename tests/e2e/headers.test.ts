/** The headers of the server's answers, and other things that it sends. */
import { readdirSync } from 'node:fs';
import { describe, expect, inject, it } from 'vitest';
import { serveSite } from '../server';

function builtFile(pattern: RegExp): string {
	const file = readdirSync('build', { recursive: true, encoding: 'utf8' }).find((name) => pattern.test(name));
	if (file === undefined) throw new Error(`No file in build/ fits ${pattern}`);
	return `/${file.replaceAll('\\', '/')}`;
}

const WORKER = builtFile(/workers.*analyser.*\.js$/);

const ADDRESSES: [path: string, status: number][] = [
	['/', 200],
	['/photo', 200],
	[builtFile(/entry.*\.js$/), 200],
	[WORKER, 200],
	[builtFile(/\.wasm$/), 200],
	['/models/index.json', 200],
	['/no-such-page', 404],
	['/no-such-file.js', 404]
];

describe('the headers', () => {
	it.each(ADDRESSES)('of %s, with status %i, isolate it and restrict what it may do', async (path, status) => {
		const answer = await fetch(inject('origin') + path);
		expect(answer.status).toBe(status);
		const { headers } = answer;
		expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
		expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
		expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
		expect(headers.get('x-content-type-options')).toBe('nosniff');
		expect(headers.get('referrer-policy')).toBe('no-referrer');
		expect(headers.get('permissions-policy')).toContain('camera=(self)');
		expect(headers.get('access-control-allow-origin')).toBeNull();
		const policy = headers.get('content-security-policy') ?? '';
		expect(policy).toContain("default-src 'self'");
		expect(policy).toContain("connect-src 'self';");
		expect(policy).toContain("frame-ancestors 'none'");
		expect(policy).not.toMatch(/script-src[^;]*'unsafe-(inline|eval)'/);
	});

	it('let the start script of a page run only by its hash', async () => {
		const policy = (await fetch(`${inject('origin')}/`)).headers.get('content-security-policy') ?? '';
		expect(policy).toMatch(/script-src 'self' 'sha256-[^']+'/);
		expect(policy).not.toContain('wasm-unsafe-eval');
	});

	it('let the worker compile WASM and start its threads', async () => {
		const policy = (await fetch(inject('origin') + WORKER)).headers.get('content-security-policy') ?? '';
		expect(policy).toMatch(/script-src 'self' 'wasm-unsafe-eval' blob:;/);
		expect(policy).toMatch(/worker-src 'self' blob:;/);
	});
});

it('a shared link shows a title, a description, a picture that exists, and icons', async () => {
	const page = await (await fetch(`${inject('origin')}/`)).text();
	const valueOf = (pattern: RegExp): string => pattern.exec(page)?.[1] ?? '';
	expect(valueOf(/og:title" content="([^"]+)"/)).toContain('Mien');
	expect(valueOf(/og:description"\s+content="([^"]+)"/)).toContain('Nothing leaves your device');
	for (const [pattern, type] of [
		[/og:image" content="([^"]+)"/, 'image/jpeg'],
		[/rel="icon" href="([^"]+)"/, 'image/svg+xml'],
		[/apple-touch-icon" href="([^"]+)"/, 'image/png']
	] as const) {
		const picture = await fetch(new URL(valueOf(pattern), `${inject('origin')}/`));
		expect(picture.status, String(pattern)).toBe(200);
		expect(picture.headers.get('content-type')).toContain(type);
	}
});

describe('the server', () => {
	it('says that its port is taken, and what to do', async () => {
		const { port } = new URL(inject('origin'));
		await expect(serveSite([`--port=${port}`])).rejects.toThrow(/is already in use\s+Choose another with --port/);
	});

	it('refuses to allow other hosts unless the build lets the pages talk to them', async () => {
		await expect(serveSite(['--allow=http://camera.lan:1984'])).rejects.toThrow(
			/may not talk to http:\/\/camera\.lan:1984/
		);
	});

	it('sends scripts and models in the compressed form that the build made', async () => {
		for (const file of [builtFile(/entry.*\.js$/), '/models/index.json', builtFile(/models.mien.weights.*\.bin$/)]) {
			const { headers } = await fetch(inject('origin') + file, { headers: { 'accept-encoding': 'br' } });
			expect([file, headers.get('content-encoding')]).toEqual([file, 'br']);
			expect(headers.get('vary')).toBe('Accept-Encoding');
		}
	});
});
