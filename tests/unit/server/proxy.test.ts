/** Cameras below a path of the site, whatever they answer and whoever asks. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTls, type Server as TlsServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leadsOut } from '../../../src/server/path';
import { ownLocation } from '../../../src/server/proxy';
import {
	HANDSHAKE,
	pathOf,
	rawRequest,
	sendRaw,
	startCamera,
	startSite,
	type TestCamera,
	type TestSite
} from './fixture';

const OK = 'HTTP/1.1 200 OK\r\n';
const STRICT = `${OK}Content-Type: image/jpeg\r\nContent-Length: 2\r\n\r\nok`;
/** Answers that a browser shows, by requested path; each has the body "ok". */
const LENIENT: Readonly<Record<string, string>> = {
	'/strict': STRICT,
	'/lf': 'HTTP/1.1 200 OK\nContent-Type: image/jpeg\nContent-Length: 2\n\nok',
	'/lf-without-length': 'HTTP/1.1 200 OK\nContent-Type: image/jpeg\n\nok',
	'/lf-at-the-end': `${OK}Content-Length: 2\r\n\nok`,
	'/nameless': `${OK}: odd\r\nContent-Length: 2\r\n\r\nok`,
	'/without-colon': `${OK}this is no header\r\nContent-Length: 2\r\n\r\nok`,
	'/name-with-space': `${OK}My Header: x\r\nContent-Length : 2\r\n\r\nok`,
	'/length-and-chunked': `${OK}Content-Length: 999\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
	'/two-lengths': `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`,
	'/unlike-lengths': `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`,
	'/length-below-zero': `${OK}Content-Length: -1\r\n\r\nok`,
	'/length-with-unit': `${OK}Content-Length: 2 bytes\r\n\r\nok`,
	'/length-too-short': `${OK}Content-Length: 2\r\n\r\nok and more`,
	'/control-in-reason': 'HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nok',
	'/control-in-header': `${OK}ETag: a\x01\x00b\r\nContent-Length: 2\r\n\r\nok`,
	'/latin-1-in-header': `${OK}ETag: "\xe9"\r\nContent-Length: 2\r\n\r\nok`,
	'/no-reason': 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok',
	'/folded': `${OK}ETag: a\r\n b\r\nContent-Length: 2\r\n\r\nok`,
	'/http-1.0': 'HTTP/1.0 200 OK\r\n\r\nok',
	'/http-2': 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
	'/lower-case': 'http/1.1 200 ok\r\ncontent-length: 2\r\n\r\nok',
	'/icecast': 'ICY 200 OK\r\nContent-Type: image/jpeg\r\n\r\nok',
	'/two-spaces': 'HTTP/1.1  200  OK\r\nContent-Length: 2\r\n\r\nok',
	'/blank-lines-before': '\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
	'/two-carriage-returns': 'HTTP/1.1 200 OK\r\r\nContent-Length: 2\r\r\n\r\r\nok',
	'/chunks-with-spaces': `${OK}Transfer-Encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\n\r\n`,
	'/chunks-with-0x': `${OK}Transfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0x0\r\n\r\n`,
	'/chunks-with-lf': 'HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nok\n0\n\n',
	'/chunked-twice': `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\no\r\n1\r\nk\r\n0\r\n\r\n`,
	'/called-chunked': `${OK}Transfer-Encoding: chunked\r\n\r\nok`,
	'/identity': `${OK}Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok`,
	'/interim': `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
	'/upgrade-unasked': `${OK}Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nok`
};
/** Answers that are invalid, and part of the error message. */
const REFUSED: Readonly<Record<string, readonly [answer: string, status: number, reason: string]>> = {
	'/garbage': ['\x00\x01 no answer at all', 502, 'its answer is not HTTP: it begins with ".. no answer at all"'],
	'/nothing': ['', 502, 'it closed the connection without an answer'],
	'/rtsp': ['RTSP/1.0 400 Bad Request\r\n\r\n', 502, 'it speaks RTSP, which browsers do not play'],
	'/tls': ['\x15\x03\x01\x00\x02\x02\x16', 502, 'it speaks TLS: write https://'],
	'/ssh': ['SSH-2.0-OpenSSH_9.2\r\n', 502, 'it speaks SSH'],
	'/long': [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`, 502, 'longer than 64 KB'],
	'/status-99': ['HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n', 502, ''],
	'/status-1000': ['HTTP/1.1 1000 Odd\r\nContent-Length: 0\r\n\r\n', 502, 'not HTTP'],
	'/status-000': ['HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n', 502, ''],
	'/proxy-login': ['HTTP/1.1 407 Odd\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n', 502, ''],
	'/to-https': [
		'HTTP/1.1 301 Moved\r\nLocation: https://camera.lan/stream\r\nContent-Length: 0\r\n\r\n',
		421,
		'it redirects to https://camera.lan, where this page may not go: name that address in --proxy /door='
	],
	'/101': ['HTTP/1.1 101 Odd\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n', 502, '']
};

let camera: TestCamera;
let site: TestSite;
beforeAll(async () => {
	camera = await startCamera((head, socket) => {
		const path = pathOf(head);
		const answer =
			LENIENT[path] ?? REFUSED[path]?.[0] ?? OTHERS[path] ?? 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n';
		socket.end(Buffer.from(answer, 'latin1'));
	});
	site = await startSite([
		`--proxy=/door=http://127.0.0.1:${camera.port}`,
		`--proxy=/a/b.mjpeg=http://127.0.0.1:${camera.port}/base`,
		'--allow=http://allowed.lan:81'
	]);
});
afterAll(async () => {
	camera.stop();
	await site.stop();
});

const OTHERS: Readonly<Record<string, string>> = {
	'/page':
		'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\nSet-Cookie: a=b\r\nLocation: /page\r\nRefresh: 1\r\n' +
		'Content-Security-Policy: script-src *\r\nClear-Site-Data: *\r\nAccess-Control-Allow-Origin: *\r\n\r\ngood',
	'/parts': 'HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\nContent-Length: 5\r\n\r\n--b--',
	'/login': 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="cam"\r\nContent-Length: 2\r\n\r\nno',
	'/to-allowed': 'HTTP/1.1 302 Found\r\nLocation: http://allowed.lan:81/x\r\nContent-Length: 0\r\n\r\n',
	'/odd-location': 'HTTP/1.1 302 Found\r\nLocation: http://[bad\r\nContent-Length: 0\r\n\r\n',
	'/utf-8-location': 'HTTP/1.1 302 Found\r\nLocation: /caf\xc3\xa9\r\nContent-Length: 0\r\n\r\n',
	'/cut': `${OK}Content-Length: 100\r\n\r\nhalf`,
	'/cut-chunks': `${OK}Transfer-Encoding: chunked\r\n\r\n8\r\nhalf`,
	'/damaged-chunks': `${OK}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n`,
	'/base': STRICT,
	'/base/x?a=/../b': STRICT
};

describe('the answer of a camera', () => {
	it.each(Object.keys(LENIENT))('%s is shown', async (path) => {
		const answer = await fetch(`${site.origin}/door${path}`);
		expect([answer.status, await answer.text()]).toEqual([200, 'ok']);
	});

	it.each(Object.keys(REFUSED))('%s is refused with the reason', async (path) => {
		const [, status, reason] = REFUSED[path] ?? ['', 0, ''];
		const answer = await fetch(`${site.origin}/door${path}`);
		expect(answer.status).toBe(status);
		expect(await answer.text()).toContain(reason);
		expect(answer.headers.get('proxy-authenticate')).toBeNull();
	});

	it.each(['/cut', '/cut-chunks', '/damaged-chunks'])(
		'%s is broken off, so that the page learns of it',
		async (path) => {
			await expect(fetch(`${site.origin}/door${path}`).then((answer) => answer.text())).rejects.toThrow('terminated');
		}
	);

	it('keeps its content type but no header that affects this site', async () => {
		const { headers } = await fetch(`${site.origin}/door/page`);
		expect(headers.get('content-type')).toBe('text/html');
		expect(headers.get('location')).toBe('/door/page');
		expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
		expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
		for (const name of ['set-cookie', 'refresh', 'clear-site-data', 'access-control-allow-origin']) {
			expect(headers.get(name)).toBeNull();
		}
	});

	it('with 401 opens no browser dialog', async () => {
		const answer = await fetch(`${site.origin}/door/login`);
		expect([answer.status, await answer.text(), answer.headers.get('www-authenticate')]).toEqual([401, 'no', null]);
	});

	it('in parts is sent as bytes to scripts, as WebKit reads no parts, and as parts to images and tabs', async () => {
		const typeFor = async (headers: Record<string, string>): Promise<string | null> =>
			(await fetch(`${site.origin}/door/parts`, { headers })).headers.get('content-type');
		expect(await typeFor({ accept: '*/*', 'sec-fetch-dest': 'empty' })).toBe('application/octet-stream');
		expect(await typeFor({ accept: '*/*' })).toBe('application/octet-stream');
		expect(await typeFor({ accept: 'image/webp,*/*', 'sec-fetch-dest': 'image' })).toMatch(/^multipart/);
		expect(await typeFor({ accept: 'text/html,*/*' })).toMatch(/^multipart/);
	});

	it('with a redirect leads below its path, with its letters encoded once', async () => {
		const location = async (path: string) =>
			(await fetch(`${site.origin}/door${path}`, { redirect: 'manual' })).headers.get('location');
		expect(await location('/utf-8-location')).toBe('/door/caf%C3%A9');
		expect(await location('/odd-location')).toBeNull();
		expect(await location('/to-allowed')).toBe('http://allowed.lan:81/x');
	});
});

describe('a proxied path', () => {
	it('may contain a dot, and leads below the target with the query unchanged', async () => {
		expect((await fetch(`${site.origin}/a/b.mjpeg`)).status).toBe(200);
		expect((await fetch(`${site.origin}/a/b.mjpeg/x?a=/../b`)).status).toBe(200);
		expect(camera.asked.map(pathOf)).toContain('/base/x?a=/../b');
		expect((await fetch(`${site.origin}/a/b.mjpegs`)).status).toBe(404);
	});

	it.each([
		...[
			'/../x',
			'/x/../../y',
			'/%2e%2e/x',
			'/.%2e/x',
			'/..%2fx',
			'/%2f..',
			'/..%5cx',
			'/%5c..%5cx',
			'/..\\x',
			'/%252e%252e/x'
		],
		...[
			'/%25252e%25252e%25252fx',
			'/..;/x',
			'/..;a=b/x',
			'/%2e%2e;/x',
			'/x/%2e%2e',
			'/%c0%ae%c0%ae/x',
			'/..%c0%afx',
			'/%e0%80%ae./x'
		],
		...[
			'/%u002e%u002e/x',
			'/%uff0e%uff0e/x',
			'/%ef%bc%8e%ef%bc%8e/x',
			'/%00',
			'/x%0d%0aY:%20z',
			'/..%00/x',
			'/./x',
			'/x%09'
		]
	])('cannot be escaped by %s', async (path) => {
		expect(leadsOut(path)).toBe(true);
		const before = camera.asked.length;
		expect(await sendRaw(site.port, rawRequest(`GET /a/b.mjpeg${path}`))).toMatch(/^HTTP\/1\.1 400 /);
		expect(camera.asked.length).toBe(before);
	});

	it.each([
		'',
		'/',
		'/a.b/c',
		'/...',
		'/a..b',
		'/%41',
		'/caf%C3%A9',
		'/100%',
		'/%E9',
		'/a%2fb',
		'/a;b=c',
		'/%3f',
		'/~x'
	])('allows %j', (path) => {
		expect(leadsOut(path)).toBe(false);
	});
});

describe("a browser's request to a camera", () => {
	it('is fully sent before the camera can answer and close, so that no answer is lost', async () => {
		// Like a server that rejects an offer by its head alone, and resets what it did not read. A process of its own
		// because it has to be quicker than the proxy.
		const hasty = spawn(process.execPath, [
			'-e',
			`const server = require('node:http').createServer((_request, response) => response.writeHead(400).end('not this codec'));
			server.listen(0, '127.0.0.1', () => console.log(server.address().port));`
		]);
		const [port] = (await once(hasty.stdout, 'data')) as [Buffer];
		const own = await startSite([`--proxy=/hasty=http://127.0.0.1:${String(port).trim()}`]);
		const offer = 'a=candidate\r\n'.repeat(300);
		const answers = new Set<string>();
		for (let round = 0; round < 100; round++) {
			const answer = await fetch(`${own.origin}/hasty/whep`, { method: 'POST', body: offer });
			answers.add(`${answer.status} ${await answer.text()}`);
		}
		expect([...answers]).toEqual(['400 not this codec']);
		await own.stop();
		hasty.kill();
	});

	it('omits headers that are for this site, or for one hop', async () => {
		await sendRaw(
			site.port,
			rawRequest('GET /door/strict', {
				Accept: 'image/*',
				Range: 'bytes=0-',
				Cookie: 'own=1',
				Authorization: 'Basic eDp5',
				'Proxy-Authorization': 'Basic eDp5',
				Referer: `${site.origin}/kiosk?operator=me`,
				Origin: 'http://localhost',
				Connection: 'close, X-Hop',
				'X-Hop': '1',
				'Keep-Alive': 'timeout=5',
				TE: 'trailers'
			})
		);
		const head = (camera.asked.at(-1) ?? '').toLowerCase();
		expect(head).toContain('accept: image/*');
		expect(head).toContain('range: bytes=0-');
		expect(head).toContain(`host: 127.0.0.1:${camera.port}`);
		expect(head).toContain(`origin: http://127.0.0.1:${camera.port}`);
		for (const kept of ['own=1', 'authorization', 'referer', 'x-hop', 'keep-alive', 'te:', 'eDp5'.toLowerCase()]) {
			expect(head).not.toContain(kept);
		}
	});
});

describe('proxied WebSockets', () => {
	it('are joined to the camera, without its cookies, and end together', async () => {
		const echo = await startCamera((head, socket) => {
			socket.write(
				'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n' +
					'Sec-WebSocket-Protocol: mqtt\r\nSet-Cookie: a=b\r\nX-Other: 1\r\n\r\nhello '
			);
			socket.once('data', (bytes) => socket.end(bytes));
		});
		const own = await startSite([`--proxy=/broker=ws://127.0.0.1:${echo.port}`]);
		const answer = await sendRaw(own.port, `${rawRequest('GET /broker', HANDSHAKE)}there`);
		const [head = '', body] = answer.split('\r\n\r\n');
		expect(head).toMatch(/^HTTP\/1\.1 101 /);
		expect(head.toLowerCase()).toContain('sec-websocket-protocol: mqtt');
		expect(head.toLowerCase()).not.toMatch(/set-cookie|x-other/);
		expect(body).toBe('hello there');
		await own.stop();
		echo.stop();
	});

	it("are refused with the camera's answer, and closed", async () => {
		expect(await sendRaw(site.port, rawRequest('GET /door/login', HANDSHAKE))).toMatch(/^HTTP\/1\.1 401 [^]*no$/);
		expect(await sendRaw(site.port, rawRequest('GET /door/garbage', HANDSHAKE))).toMatch(/^HTTP\/1\.1 502 /);
	});

	it.each([
		['/nowhere', {}, 404],
		['/', {}, 404],
		['/door/strict', { Origin: 'http://evil.example' }, 404],
		['/door/strict', { Host: 'evil.example' }, 403],
		['/door/../x', {}, 400],
		['http://[/', {}, 400]
	])('to %s with %j are refused and closed', async (path, headers, status) => {
		const answer = await sendRaw(site.port, rawRequest(`GET ${path}`, { ...HANDSHAKE, ...headers }));
		expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
	});

	it('are ignored if the upgrade is to anything but websocket', async () => {
		const answer = await sendRaw(
			site.port,
			rawRequest('GET /photo', { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c' })
		);
		expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*<title>photo/);
	});
});

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Whether a request carries the right Digest answer to the challenge (RFC 7616, section 3.4). */
function isRight(head: string, hash: (text: string) => string, session: boolean): boolean {
	const line = /^authorization: digest (.*)$/im.exec(head)?.[1] ?? '';
	const field = (name: string) => new RegExp(`(?:^|[ ,])${name}="?([^",]*)"?`).exec(line)?.[1] ?? '';
	const own = hash('me:cam:p:w');
	const first = session ? hash(`${own}:${field('nonce')}:${field('cnonce')}`) : own;
	const second = hash(`${/^(\w+)/.exec(head)?.[1] ?? ''}:${field('uri')}`);
	const middle = field('qop') === '' ? '' : `:${field('nc')}:${field('cnonce')}:${field('qop')}`;
	return field('uri') === pathOf(head) && field('response') === hash(`${first}:${field('nonce')}${middle}:${second}`);
}

describe('logins to a camera', () => {
	it.each([
		['Digest realm="cam", nonce="abc", qop="auth", algorithm=MD5', md5, false],
		['Digest realm="cam", nonce="abc"', md5, false],
		['Digest realm="cam",nonce="a b/c==",qop="auth-int,auth",opaque="xyz",algorithm="md5"', md5, false],
		['Digest algorithm=MD5-sess, qop=auth, realm="cam", nonce="abc"', md5, true],
		['Digest realm="cam", nonce="abc", qop="auth", algorithm=SHA-256', sha256, false],
		['Basic realm="cam", Digest realm="cam", nonce="abc", qop="auth"', md5, false],
		['Digest realm="cam", nonce="abc", algorithm=WHIRLPOOL, Digest realm="cam", nonce="abc", algorithm=MD5', md5, false]
	])('use Digest if the camera asks for %s', async (challenge, hash, session) => {
		const guarded = await startCamera((head, socket) => {
			if (/^authorization: digest/im.test(head) && isRight(head, hash, session)) socket.end(STRICT);
			else socket.end(`HTTP/1.1 401 No\r\nWWW-Authenticate: ${challenge}\r\nContent-Length: 2\r\n\r\nno`);
		});
		const own = await startSite([`--proxy=/cam=http://me:p%3Aw@127.0.0.1:${guarded.port}`]);
		for (const path of ['/cam/a//b?x=1', '/cam/c']) {
			const answer = await sendRaw(own.port, rawRequest(`GET ${path}`));
			expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*ok$/);
		}
		const posted = await fetch(`${own.origin}/cam/whep`, {
			method: 'POST',
			body: 'offer',
			headers: { origin: own.origin }
		});
		expect(posted.status).toBe(200);
		// Basic once; from then on, each is right at the first try.
		expect(guarded.asked.length).toBe(4);
		await own.stop();
		guarded.stop();
	});

	it('answer anew if a camera accepts each nonce once, but do not repeat a wrong password endlessly', async () => {
		let nonce = 0;
		const guarded = await startCamera((head, socket) => {
			const isFresh = new RegExp(`nonce="n${nonce}"`).test(head) && isRight(head, md5, false);
			nonce++;
			const challenge = `Digest realm="cam", nonce="n${nonce}", qop="auth", stale=true`;
			if (isFresh) socket.end(STRICT);
			else socket.end(`HTTP/1.1 401 No\r\nWWW-Authenticate: ${challenge}\r\nContent-Length: 2\r\n\r\nno`);
		});
		const own = await startSite([
			`--proxy=/cam=http://me:p%3Aw@127.0.0.1:${guarded.port}`,
			`--proxy=/wrong=http://me:other@127.0.0.1:${guarded.port}`
		]);
		for (let round = 0; round < 4; round++)
			expect(await sendRaw(own.port, rawRequest('GET /cam/a'))).toMatch(/^HTTP\/1\.1 200 [^]*ok$/);
		const before = guarded.asked.length;
		expect((await fetch(`${own.origin}/wrong/a`)).status).toBe(401);
		expect(guarded.asked.length - before).toBeLessThanOrEqual(3);
		await own.stop();
		guarded.stop();
	});

	it('from a page reach the camera in its own way, and cookies are kept apart by login', async () => {
		const guarded = await startCamera((head, socket) => {
			const isIn = /^authorization: basic bWU6cA==\r$/im.test(head);
			const knows = /^cookie: s=1\r$/im.test(head);
			const body = `${isIn} ${knows}`;
			socket.end(`${OK}${isIn ? 'Set-Cookie: s=1\r\n' : ''}Content-Length: ${body.length}\r\n\r\n${body}`);
		});
		const own = await startSite([`--proxy=/cam=http://127.0.0.1:${guarded.port}`]);
		const ask = async (headers: Record<string, string>) => (await fetch(`${own.origin}/cam`, { headers })).text();
		const login = { 'camera-authorization': 'Basic bWU6cA==' };
		expect(await ask(login)).toBe('true false');
		expect(await ask(login)).toBe('true true');
		expect(await ask({})).toBe('false false');
		await own.stop();
		guarded.stop();
	});

	it('say so if the camera wants an unsupported scheme', async () => {
		const guarded = await startCamera((_, socket) =>
			socket.end('HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n')
		);
		const own = await startSite([`--proxy=/cam=http://me:pw@127.0.0.1:${guarded.port}`]);
		const answer = await fetch(`${own.origin}/cam`);
		expect(await answer.text()).toContain('a kind of login that is not supported here (NTLM)');
		expect(own.lines.join()).not.toContain('pw');
		await own.stop();
		guarded.stop();
	});

	it.each([
		['name', 'me:pw@', ''],
		['query', '', '?user=me&pwd=pw']
	])(
		'by %s are for pages of this site: on plain http from another machine, they need a token',
		async (_, name, query) => {
			const open = await startCamera((_head, socket) => socket.end(STRICT));
			const own = await startSite(['--host', `--proxy=/cam=http://${name}127.0.0.1:${open.port}${query}`]);
			const Host = `192.168.0.7:${own.port}`;
			const answer = (path: string, headers: Record<string, string> = {}) =>
				sendRaw(own.port, rawRequest(`GET ${path}`, { Host, ...headers }));
			const refused = await answer('/cam/ptz?left');
			expect(refused).toMatch(/^HTTP\/1\.1 403 /);
			expect(open.asked).toEqual([]);
			const page = await answer('/');
			const cookie = /set-cookie: (mien-page=\w+);[^\r]*SameSite=Strict/i.exec(page)?.[1] ?? '';
			expect(await answer('/cam/x', { Cookie: `other=1; ${cookie}` })).toMatch(/^HTTP\/1\.1 200 /);
			// A page that was open while the server restarted gets the new token with its first refusal.
			expect(refused).toContain(cookie);
			expect(await answer('/cam/x', { Origin: `http://${Host}` })).toMatch(/^HTTP\/1\.1 200 /);
			expect(await answer('/cam/x', { 'Camera-Authorization': 'Basic eDp5' })).toMatch(/^HTTP\/1\.1 200 /);
			expect(open.asked.join('')).not.toContain(cookie);
			await own.stop();
			open.stop();
		}
	);
});

describe('cookies of a camera', () => {
	it('that a stream server sets for its session stay between proxy and server', async () => {
		const media = await startCamera((head, socket) => {
			if (pathOf(head) === '/hls/index.m3u8') {
				socket.end(
					`${OK}Set-Cookie: session=s3cret; Path=/hls; HttpOnly; Secure\r\nSet-Cookie: gone=1; Max-Age=0\r\nContent-Length: 2\r\n\r\nok`
				);
				return;
			}
			const sent = /^cookie: (.*)\r$/im.exec(head)?.[1] ?? 'none';
			socket.end(`${OK}Content-Length: ${sent.length}\r\n\r\n${sent}`);
		});
		const own = await startSite([`--proxy=/cam=http://127.0.0.1:${media.port}`]);
		const ask = async (path: string) => (await fetch(own.origin + path)).text();
		expect(await ask('/cam/hls/a.ts')).toBe('none');
		expect(await ask('/cam/hls/index.m3u8')).toBe('ok');
		expect(await ask('/cam/hls/a.ts')).toBe('session=s3cret');
		expect(await ask('/cam/elsewhere')).toBe('none');
		await own.stop();
		media.stop();
	});
});

describe('a camera over https', () => {
	let folder: string;
	let secure: TlsServer;
	let port: number;
	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), 'mien-tls-'));
		const subject = ['-subj', '/CN=camera.lan', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
		execFileSync(
			'openssl',
			['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', ...subject],
			{ stdio: 'ignore' }
		);
		const files = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) };
		secure = createTls(files, (asked, answer) => answer.end(asked.headers.authorization ?? 'ok'));
		await new Promise<void>((listening) => secure.listen(0, '127.0.0.1', listening));
		({ port } = secure.address() as AddressInfo);
	});
	afterAll(() => {
		secure.close();
		rmSync(folder, { recursive: true, force: true });
	});

	it('with a self-signed certificate is refused with its name, and accepted once the operator trusts it', async () => {
		const proxy = `--proxy=/cam=https://me:pw@127.0.0.1:${port}`;
		const own = await startSite([proxy]);
		const refused = await (await fetch(`${own.origin}/cam`)).text();
		expect(refused).toContain('its certificate of "camera.lan" is self-signed');
		const option = /--trust \/cam=[\dA-F:]+/.exec(refused)?.[0] ?? '';
		await own.stop();
		const trusting = await startSite([proxy, ...option.split(' ')]);
		expect(await (await fetch(`${trusting.origin}/cam`)).text()).toBe('Basic bWU6cHc=');
		await trusting.stop();
		const other = await startSite([proxy, `--trust=/cam=${'ab'.repeat(32)}`]);
		expect(await (await fetch(`${other.origin}/cam`)).text()).toContain('It is not the one that is trusted here');
		await other.stop();
	});

	it('asked over http, or over https while it speaks http, gets the right advice', async () => {
		const plain = createServer((socket) => {
			socket.on('error', () => undefined).once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
		});
		await new Promise<void>((listening) => plain.listen(0, '127.0.0.1', listening));
		const plainPort = (plain.address() as AddressInfo).port;
		const own = await startSite([`--proxy=/a=http://127.0.0.1:${port}`, `--proxy=/b=https://127.0.0.1:${plainPort}`]);
		expect(await (await fetch(`${own.origin}/a`)).text()).toContain('does it need https://');
		expect(await (await fetch(`${own.origin}/b`)).text()).toContain('write http:// instead of https://');
		await own.stop();
		plain.close();
	});
});

describe('a camera that takes its password in the query', () => {
	const NO_BODY = 'Content-Length: 0\r\n\r\n';
	let asked: string[] = [];
	let strict: TestCamera;
	let own: TestSite;
	beforeAll(async () => {
		strict = await startCamera((head, socket) => {
			const path = pathOf(head);
			asked.push(path);
			const [, to] = /to=([^&]+)/.exec(path) ?? [];
			socket.end(to === undefined ? STRICT : `HTTP/1.1 302 Found\r\nLocation: ${decodeURIComponent(to)}\r\n${NO_BODY}`);
		});
		own = await startSite([`--proxy=/cam=http://127.0.0.1:${strict.port}/cgi?user=me&pwd=a%26%C3%A9`]);
	});
	afterAll(async () => {
		strict.stop();
		await own.stop();
	});

	it.each([
		['/cam', '/cgi?user=me&pwd=a%26%C3%A9'],
		['/cam/', '/cgi/?user=me&pwd=a%26%C3%A9'],
		['/cam/snap.jpg?', '/cgi/snap.jpg?user=me&pwd=a%26%C3%A9'],
		['/cam/snap.jpg?cmd=Snap&n=1', '/cgi/snap.jpg?cmd=Snap&n=1&user=me&pwd=a%26%C3%A9']
	])('gets it at %s', async (path, expected) => {
		asked = [];
		expect((await fetch(`${own.origin}${path}`)).status).toBe(200);
		expect(asked).toEqual([expected]);
	});

	it.each([
		['/cgi/b?x=1&user=me&pwd=a%26%C3%A9', '/cam/b?x=1'],
		['/cgi/b?user=me&pwd=a%26%C3%A9#c', '/cam/b'],
		['b?pwd=a%26%C3%A9&y=2', 'b?y=2']
	])('does not tell the page by a redirect to %s', async (to, expected) => {
		const answer = await fetch(`${own.origin}/cam/a?to=${encodeURIComponent(to)}`, { redirect: 'manual' });
		expect(answer.headers.get('location')).toBe(expected);
	});
});

describe('a camera that is offline', () => {
	it('is logged once, with the reason', async () => {
		const gone = await startCamera(() => undefined);
		const { port } = gone;
		gone.stop();
		const own = await startSite([`--proxy=/cam=http://127.0.0.1:${port}`]);
		for (let times = 0; times < 3; times++) {
			const answer = await fetch(`${own.origin}/cam`);
			expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining('nothing listens there')]);
		}
		expect(own.lines).toEqual([expect.stringMatching(/^\/cam: http:.*: nothing listens there/)]);
		await own.stop();
	});
});

it.each([
	['http://[bad', null],
	['/whep/1', '/camera/whep/1'],
	['http://x:1/whep/1?a', '/camera/whep/1?a'],
	['whep/1', 'whep/1'],
	['http://elsewhere/1', 'http://elsewhere/1'],
	['/caf\xc3\xa9', '/camera/caf%C3%A9'],
	['/caf%C3%A9', '/camera/caf%C3%A9'],
	['caf\xc3\xa9', 'caf%C3%A9']
])('the redirect address %s becomes one below the path', (location, own) => {
	expect(ownLocation(location, { path: '/camera', target: 'http://x:1', query: '' })).toBe(own);
});
