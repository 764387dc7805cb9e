/**
 * `npm run bench -- server`: how much memory the built site's server takes after heavy use, and how many requests it
 * answers.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveSite, type Site } from '../server';

const REQUESTS = 100_000;
const ABORTED = 1000;
const AT_ONCE = 32;
const LIMIT_MB = 120;
/** How much more it may take after the last round than after the first. */
const GROWTH_MB = 15;

/** A process's megabytes in memory, and its open files and connections, from Linux. */
function use(pid: number): { readonly mb: number; readonly handles: number } {
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	return {
		mb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024,
		handles: readdirSync(`/proc/${pid}/fd`).length
	};
}

/** Runs `task` this many times, several at once. */
async function times(count: number, task: (index: number) => Promise<void>): Promise<void> {
	let next = 0;
	const run = async (): Promise<void> => {
		for (let index = next++; index < count; index = next++) await task(index);
	};
	await Promise.all(Array.from({ length: AT_ONCE }, run));
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

function get(site: Site, path: string, headers: Readonly<Record<string, string>>): Promise<void> {
	return new Promise((resolve, reject) => {
		request(site.origin + path, { agent, headers }, (answer) => answer.resume().on('end', resolve).on('error', reject))
			.on('error', reject)
			.end();
	});
}

/** Sends a head, waits for the first bytes, if any, and resets the connection. */
function drop({ origin }: Site, path: string, headers: string, afterMs: number): Promise<void> {
	return new Promise((resolve) => {
		const { hostname, port, host } = new URL(origin);
		const socket = connect(Number(port), hostname, () =>
			socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`)
		);
		const end = () => void setTimeout(() => socket.resetAndDestroy(), afterMs);
		socket.once('data', end).on('error', () => undefined);
		socket.once('close', () => resolve());
		setTimeout(end, 1000);
	});
}

const HANDSHAKE =
	'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n';
const files = readdirSync('build', { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
const script = files.find((name) => /entry\/start.*\.js$/.test(name)) ?? 'favicon.svg';
const PATHS = ['/', '/photo', `/${script}`, '/models/index.json', '/favicon.svg', '/nothing', '/healthz'];

const camera = createServer((socket) => {
	socket.on('error', () => undefined);
	socket.once('data', (head) => {
		if (/upgrade: websocket/i.test(head.toString())) {
			socket.write('HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
			return;
		}
		socket.write('HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n');
		const timer = setInterval(() => socket.write(Buffer.alloc(50_000)), 20);
		socket.on('close', () => clearInterval(timer));
	});
});
await new Promise<void>((listening) => camera.listen(0, '127.0.0.1', listening));
const { port } = camera.address() as AddressInfo;
const site = await serveSite([`--proxy=/camera=http://me:pw@127.0.0.1:${port}`, '--metrics']);
const rounds: { readonly what: string; readonly mb: number; readonly handles: number }[] = [];
const note = async (what: string) => {
	// Closed connections take a moment to be released.
	await sleep(2000);
	const used = use(site.pid);
	rounds.push({ what, ...used });
	console.log(`${used.mb.toFixed(1).padStart(7)} MB ${String(used.handles).padStart(4)} handles  ${what}`);
};
try {
	await note('after the start');
	const startedMs = performance.now();
	for (let tenth = 1; tenth <= 10; tenth++) {
		await times(REQUESTS / 10, (index) =>
			get(site, PATHS[index % PATHS.length] ?? '/', index % 2 === 0 ? { 'accept-encoding': 'br, gzip' } : {})
		);
		if (tenth === 1 || tenth === 5 || tenth === 10) await note(`after ${(tenth * REQUESTS) / 10} requests`);
	}
	console.log(
		`${Math.round(REQUESTS / ((performance.now() - startedMs - 6000) / 1000))} requests per second, ${AT_ONCE} at once`
	);
	await times(ABORTED, (index) => drop(site, `/camera/stream?${index}`, '', index % 50));
	await note(`after ${ABORTED} aborted streams`);
	const paths = ['/nowhere', '/', '/camera/ws', '/camera/ws'];
	await times(ABORTED, (index) => drop(site, paths[index % paths.length] ?? '/', HANDSHAKE, index % 20));
	await note(`after ${ABORTED} dropped handshakes`);
	await times(10_000, (index) => get(site, PATHS[index % PATHS.length] ?? '/', {}));
	await note('after 10000 more requests');
	const [start, first] = rounds;
	const last = rounds.at(-1);
	const most = Math.max(...rounds.map(({ mb }) => mb));
	if (start === undefined || first === undefined || last === undefined) throw new Error('nothing was measured');
	const growth = last.mb - first.mb;
	const left = last.handles - start.handles - AT_ONCE;
	console.log(
		`At most ${most.toFixed(1)} MB (limit ${LIMIT_MB}); ${growth.toFixed(1)} MB more at the end than after the first 10,000 requests (limit ${GROWTH_MB}).`
	);
	if (most > LIMIT_MB || growth > GROWTH_MB || left > 5) process.exitCode = 1;
} finally {
	agent.destroy();
	site.stop();
	camera.close();
	camera.unref();
}
process.exit();
