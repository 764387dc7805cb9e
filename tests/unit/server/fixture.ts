/** A small built site, the server in front of it, and raw requests and cameras, for the tests of the server. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { createLog } from '../../../src/server/log';
import { Metrics } from '../../../src/server/metrics';
import { parseServeOptions } from '../../../src/server/options';
import { CameraProxy } from '../../../src/server/proxy';
import { createSite } from '../../../src/server/site';

const PAGE = (name: string) =>
	`<!doctype html><meta http-equiv="content-security-policy" content="default-src 'self'; script-src 'self' 'sha256-${name}='; worker-src 'self'; connect-src 'self'; frame-src 'none'"><title>${name}</title>`;
export const SCRIPT = `export const text = '${'long enough to be compressed; '.repeat(100)}';`;

/** Writes a site as the build does; gives its folder. */
export function fakeBuild(): string {
	const folder = mkdtempSync(join(tmpdir(), 'mien-site-'));
	const files: Record<string, string> = {
		'index.html': PAGE('start'),
		'photo.html': PAGE('photo'),
		'compare.html': PAGE('compare'),
		'compare/benchmark.html': PAGE('benchmark'),
		'404.html': PAGE('missing'),
		'_app/immutable/entry.js': SCRIPT,
		'_app/version.json': '{"version":"1"}',
		'models/index.json': '{}',
		'models/weights.bin': '0123456789',
		'.secret': 'secret'
	};
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, name)), { recursive: true });
		writeFileSync(join(folder, name), text);
	}
	writeFileSync(join(folder, '_app/immutable/entry.js.br'), brotliCompressSync(SCRIPT));
	writeFileSync(join(folder, '_app/immutable/entry.js.gz'), gzipSync(SCRIPT));
	return folder;
}

export interface TestSite {
	readonly port: number;
	readonly origin: string;
	/** The logged lines, without times. */
	readonly lines: readonly string[];
	stop(): Promise<void>;
}

/** Serves a small site as `npm start` does with these options, on a free port of this machine. */
export async function startSite(args: readonly string[] = [], base = ''): Promise<TestSite> {
	const folder = fakeBuild();
	const options = parseServeOptions(args);
	const lines: string[] = [];
	const log = createLog((line) => lines.push(line.slice(21)));
	const proxies = options.proxies.map((proxy) => {
		const trusted = options.trust.filter(({ path }) => path === proxy.path).map(({ fingerprint }) => fingerprint);
		return new CameraProxy(proxy, { trusted, allow: options.allow }, log);
	});
	const hosts = { names: options.names, network: options.host !== null };
	const metrics = options.metrics ? new Metrics() : null;
	const site = createSite({ folder, base, hosts, proxies, metrics, log, version: '1.2.3' });
	await new Promise<void>((listening) => site.server.listen(0, '127.0.0.1', listening));
	const { port } = site.server.address() as AddressInfo;
	return {
		port,
		origin: `http://127.0.0.1:${port}`,
		lines,
		async stop() {
			await site.stop();
			rmSync(folder, { recursive: true, force: true });
		}
	};
}

/** Sends bytes as they are; gives all that comes back until the connection ends, or '' if it ends without an answer. */
export function sendRaw(port: number, bytes: string | Buffer, limitMs = 20_000): Promise<string> {
	return new Promise((resolve, reject) => {
		const socket = connect(port, '127.0.0.1');
		let text = '';
		const timer = setTimeout(() => {
			socket.destroy();
			reject(new Error(`not ended within ${limitMs} ms; so far: ${text.slice(0, 200)}`));
		}, limitMs);
		socket.on('data', (piece) => (text += piece.toString('latin1')));
		socket.on('error', () => undefined);
		socket.on('close', () => {
			clearTimeout(timer);
			resolve(text);
		});
		socket.write(bytes);
	});
}

/** A request whose connection is closed after the answer. */
export function rawRequest(line: string, headers: Readonly<Record<string, string>> = {}): string {
	const all = Object.entries({ Host: 'localhost', Connection: 'close', ...headers });
	return `${line} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

export const HANDSHAKE = {
	Connection: 'Upgrade',
	Upgrade: 'websocket',
	'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
	'Sec-WebSocket-Version': '13'
};

export interface TestCamera {
	readonly port: number;
	/** The heads of the requests, oldest first. */
	readonly asked: string[];
	stop(): void;
}

/** A camera whose answers the test writes: `answer` gets the head of each request and its connection. */
export async function startCamera(answer: (head: string, socket: Socket) => void): Promise<TestCamera> {
	const asked: string[] = [];
	const open = new Set<Socket>();
	const server = createServer((socket) => {
		open.add(socket);
		socket.on('close', () => open.delete(socket));
		socket.on('error', () => undefined);
		let head = '';
		const read = (bytes: Buffer) => {
			head += bytes.toString('latin1');
			if (!head.includes('\r\n\r\n')) return;
			socket.off('data', read);
			asked.push(head);
			answer(head, socket);
		};
		socket.on('data', read);
	});
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
	return {
		port: (server.address() as AddressInfo).port,
		asked,
		stop() {
			for (const socket of open) socket.destroy();
			server.close();
		}
	};
}

/** The path in a request's head. */
export function pathOf(head: string): string {
	return / (\S+)/.exec(head)?.[1] ?? '';
}
