/** What brings other servers down, and thousands of mutations of it: this one answers or closes, and keeps running. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

/** A small seeded generator (mulberry32), so that failures can be reproduced. */
function generator(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

const ODD = [
	'\r\n',
	'\n',
	'\r',
	'\0',
	'\x01',
	' ',
	'\t',
	':',
	'/',
	'//',
	'[',
	'%',
	'%00',
	'..',
	'?',
	'#',
	'*',
	'é',
	'\xff',
	'9'.repeat(30)
];

/** `text` with some bytes changed, left out, doubled or moved. */
function mutate(text: string, random: () => number): string {
	let changed = text;
	const times = 1 + Math.floor(random() * 4);
	for (let time = 0; time < times; time++) {
		const at = Math.floor(random() * changed.length);
		const to = at + Math.floor(random() * 12);
		const odd = ODD[Math.floor(random() * ODD.length)] ?? '';
		const pieces = [
			() => changed.slice(0, at) + odd + changed.slice(at),
			() => changed.slice(0, at) + odd + changed.slice(to),
			() => changed.slice(0, at) + changed.slice(to),
			() => changed.slice(0, to) + changed.slice(at),
			() => changed.slice(0, at)
		];
		changed = (pieces[Math.floor(random() * pieces.length)] ?? (() => changed))();
	}
	return changed;
}

const REQUESTS = [
	rawRequest('GET /'),
	rawRequest('GET /photo?a=b', { Accept: 'text/html', 'Accept-Encoding': 'br, gzip', 'If-None-Match': '"x"' }),
	rawRequest('GET /models/weights.bin', { Range: 'bytes=2-5', 'If-Range': '"x"' }),
	rawRequest('GET http://localhost/healthz'),
	rawRequest('POST /metrics/report', { 'Content-Length': '14' }) + '{"kiosk":"me"}',
	rawRequest('GET /door/good', { Cookie: 'a=b', Range: 'bytes=0-1' }),
	rawRequest('POST /door/good', { 'Transfer-Encoding': 'chunked' }) + '3\r\nabc\r\n0\r\n\r\n',
	rawRequest('GET /door/ws', HANDSHAKE),
	rawRequest('GET /nowhere', { ...HANDSHAKE, Origin: 'http://localhost' })
];
const ANSWERS = [
	'HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\nContent-Length: 5\r\n\r\n--b--',
	'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: "a"\r\n\r\n4\r\nabcd\r\n2;x=y\r\nef\r\n0\r\nX-Sum: 1\r\n\r\n',
	'HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1/caf\xc3\xa9\r\nSet-Cookie: a=b; Path=/; Max-Age=5\r\n\r\n',
	'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="cam", nonce="abc", qop="auth", Basic realm="x"\r\nContent-Length: 0\r\n\r\n',
	'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nhello'
];

let camera: TestCamera;
let site: TestSite;
/** The camera's answer to the next request without a fixed answer. */
let next = '';
const faults: unknown[] = [];
const onFault = (error: unknown) => faults.push(error);

beforeAll(async () => {
	process.on('uncaughtException', onFault).on('unhandledRejection', onFault);
	camera = await startCamera((head, socket) => {
		const path = pathOf(head);
		const answer = path === '/good' || path === '/ws' ? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' : next;
		socket.end(Buffer.from(answer, 'latin1'));
	});
	site = await startSite([`--proxy=/door=http://me:pw@127.0.0.1:${camera.port}`, '--metrics']);
});
afterAll(async () => {
	process.off('uncaughtException', onFault).off('unhandledRejection', onFault);
	camera.stop();
	await site.stop();
});

/** The server answers as before, and nothing was thrown without being caught. */
async function expectWell(): Promise<void> {
	const answer = await fetch(`${site.origin}/healthz`);
	expect([answer.status, faults, site.lines.filter((line) => line.startsWith('A request failed'))]).toEqual([
		200,
		[],
		[]
	]);
}

/** Sends bytes, and drops the connection without waiting for more than the first answer. */
function sendAndDrop(bytes: string, dropMs: number): Promise<void> {
	return new Promise((resolve) => {
		const socket = connect(site.port, '127.0.0.1', () => socket.write(Buffer.from(bytes, 'latin1')));
		socket.on('error', () => undefined);
		socket.on('close', () => resolve());
		socket.once('data', () => socket.destroy());
		setTimeout(() => socket.resetAndDestroy(), dropMs);
	});
}

describe('the server keeps running after', () => {
	it.each([
		['GET http://[/ HTTP/1.1\r\nHost: x\r\n\r\n', 400],
		['GET // HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 404],
		['GET http://[::1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
		['GET nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
		['\x16\x03\x01\x02\x00\x01', 400],
		['GET / HTTP/1.1\r\n\r\n', 400],
		[`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
		['OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 405],
		['GET / HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n', 403],
		['POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\n12345', 405]
	])('%j', async (bytes, status) => {
		expect(await sendRaw(site.port, Buffer.from(bytes, 'latin1'))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
		await expectWell();
	});

	it('CONNECT, which it closes', async () => {
		expect(await sendRaw(site.port, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/^(HTTP\/1\.1 4|$)/);
		await expectWell();
	});

	it('handshakes to any path that are reset at any moment', async () => {
		const paths = ['/nowhere', '/', '/door/good', '/door/slow', '/door/ws'];
		next = '';
		for (const path of paths) {
			for (const headers of [HANDSHAKE, { ...HANDSHAKE, Origin: 'http://evil.example' }]) {
				for (const dropMs of [0, 1, 5]) await sendAndDrop(rawRequest(`GET ${path}`, headers), dropMs);
			}
		}
		await expectWell();
	});

	it('a stream that is joined and then reset from either side', async () => {
		const echo = await startCamera((head, socket) => {
			socket.write('HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
			if (head.includes('reset')) setTimeout(() => socket.resetAndDestroy(), 5);
		});
		const own = await startSite([`--proxy=/ws=ws://127.0.0.1:${echo.port}`]);
		expect(await sendRaw(own.port, rawRequest('GET /ws?reset', HANDSHAKE))).toMatch(/^HTTP\/1\.1 101 /);
		await new Promise<void>((resolve) => {
			const socket = connect(own.port, '127.0.0.1', () => socket.write(rawRequest('GET /ws', HANDSHAKE)));
			socket.once('data', () => socket.resetAndDestroy());
			socket.on('close', () => resolve());
		});
		expect((await fetch(`${own.origin}/healthz`)).status).toBe(200);
		expect(faults).toEqual([]);
		await own.stop();
		echo.stop();
	});
});

describe('the server stays well after 2,000 mutations of', () => {
	it('requests and handshakes', async () => {
		const random = generator(20);
		for (let batch = 0; batch < 50; batch++) {
			const texts = Array.from({ length: 26 }, () =>
				mutate(REQUESTS[Math.floor(random() * REQUESTS.length)] ?? '', random)
			);
			await Promise.all(texts.map((text) => sendAndDrop(text, 40)));
		}
		await expectWell();
	});

	it('answers of a camera', async () => {
		const random = generator(21);
		for (let count = 0; count < 700; count++) {
			next = mutate(ANSWERS[count % ANSWERS.length] ?? '', random);
			const asked = random() < 0.3 ? rawRequest('GET /door/x', HANDSHAKE) : rawRequest('GET /door/x');
			const answer = await sendRaw(site.port, asked);
			expect(answer).toMatch(/^(HTTP\/1\.1 \d{3} |$)/);
			expect(answer.toLowerCase().split('\r\n\r\n')[0]).not.toMatch(/set-cookie|www-authenticate/);
		}
		await expectWell();
	});
});
