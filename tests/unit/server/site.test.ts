/** Health, names, metrics, the log and the end of the server. */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createLog } from '../../../src/server/log';
import { parseReport } from '../../../src/server/metrics';
import { HANDSHAKE, rawRequest, sendRaw, startCamera, startSite } from './fixture';

describe('the server', () => {
	it('reports its health, whatever name it is asked by', async () => {
		const site = await startSite();
		const answer = await sendRaw(site.port, rawRequest('GET /healthz', { Host: 'mien.monitoring.example' }));
		expect(answer).toMatch(/^HTTP\/1\.1 200 /);
		const body: unknown = JSON.parse(answer.split('\r\n\r\n')[1] ?? '');
		expect(body).toMatchObject({ status: 'ok', version: '1.2.3' });
		await site.stop();
	});

	it('refuses a name that it does not have, and names the option', async () => {
		const site = await startSite();
		const answer = await sendRaw(site.port, rawRequest('GET /', { Host: 'kiosk.example.org:4173' }));
		expect(answer).toMatch(/^HTTP\/1\.1 403 [^]*npm start -- --host kiosk\.example\.org\n$/);
		await site.stop();
		const named = await startSite(['--host=kiosk.example.org', '--host=other.example.org']);
		for (const name of ['kiosk.example.org', 'Other.example.org:4173', 'raspberrypi.local']) {
			expect(await sendRaw(named.port, rawRequest('GET /', { Host: name }))).toMatch(/^HTTP\/1\.1 200 /);
		}
		await named.stop();
	});

	it('sends its headers with every answer', async () => {
		const site = await startSite();
		for (const path of ['/', '/nothing', '/healthz', '/photo/']) {
			const { headers } = await fetch(site.origin + path, { redirect: 'manual' });
			expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
			expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
			expect(headers.get('x-content-type-options')).toBe('nosniff');
			expect(headers.get('access-control-allow-origin')).toBeNull();
		}
		await site.stop();
	});

	it('ends streams and WebSockets when it stops, and accepts no more', async () => {
		const camera = await startCamera((head, socket) => {
			const isHandshake = head.includes('websocket');
			socket.write(
				isHandshake
					? 'HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
					: 'HTTP/1.1 200 OK\r\n\r\npart'
			);
		});
		const site = await startSite([`--proxy=/cam=http://127.0.0.1:${camera.port}`]);
		const ends = [rawRequest('GET /cam/stream'), rawRequest('GET /cam/ws', HANDSHAKE)].map(
			(text) =>
				new Promise<void>((resolve) => {
					const socket = connect(site.port, '127.0.0.1', () => socket.write(text));
					socket.on('error', () => undefined);
					socket.on('close', () => resolve());
					socket.resume();
				})
		);
		await expect.poll(() => camera.asked.length).toBe(2);
		await site.stop();
		await Promise.all(ends);
		await expect(fetch(site.origin)).rejects.toThrow();
		camera.stop();
	});
});

describe('metrics of the server', () => {
	it('are off unless asked for', async () => {
		const site = await startSite();
		expect((await fetch(`${site.origin}/metrics`)).status).toBe(404);
		await site.stop();
	});

	it('are those of the process and of the kiosks that report', async () => {
		const site = await startSite(['--metrics']);
		const report = (body: unknown, headers: Record<string, string> = {}) =>
			fetch(`${site.origin}/metrics/report`, { method: 'POST', body: JSON.stringify(body), headers });
		expect((await report({ kiosk: 'museum/door', processFps: 4.5, faces: 2 })).status).toBe(204);
		expect((await report({ kiosk: 'x', faces: 1 }, { origin: 'http://evil.example' })).status).toBe(403);
		expect((await report({ kiosk: 'x', name: 'Ann' })).status).toBe(400);
		expect((await report({ kiosk: 'x'.repeat(5000) })).status).toBe(413);
		expect((await fetch(`${site.origin}/metrics/report`)).status).toBe(405);
		const answer = await fetch(`${site.origin}/metrics`);
		expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
		const text = await answer.text();
		expect(text).toContain('mien_process_fps{kiosk="museum/door"} 4.5');
		expect(text).toContain('mien_faces{kiosk="museum/door"} 2');
		expect(text).toContain('process_resident_memory_bytes');
		expect(text).not.toMatch(/kiosk="x"/);
		await site.stop();
	});

	it.each([
		['{', 'must be JSON'],
		['[]', 'a JSON object'],
		['{"faces":1}', '"kiosk" must be a name'],
		['{"kiosk":"a\\"b"}', '"kiosk" must be a name'],
		['{"kiosk":"a","faces":"two"}', '"faces" must be a number'],
		['{"kiosk":"a","__proto__":1}', 'is not one of']
	])('reject a report of %s: %s', (text, message) => {
		expect(() => parseReport(text)).toThrow(message);
	});
});

it('the log records changes, with the time, and not every try', () => {
	const lines: string[] = [];
	let nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
	const log = createLog(
		(line) => lines.push(line),
		() => nowMs
	);
	for (let times = 0; times < 100; times++) {
		log.condition('/door', times % 2 === 0 ? 'away' : 'refused');
		nowMs += 1000;
	}
	log.condition('/door', null);
	log.condition('/door', null);
	log.line('a\nb');
	expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:05 {2}\/door: away$/);
	expect(lines.length).toBeLessThan(15);
	expect(lines.at(-2)).toContain('/door answers again, after 100 tries.');
	expect(lines.at(-1)).toContain('a b');
});

it('the log repeats a recurring fault, but not each time', () => {
	const lines: string[] = [];
	let nowMs = 0;
	const log = createLog(
		(line) => lines.push(line.slice(21)),
		() => nowMs
	);
	for (; nowMs < 20_000; nowMs += 1000) log.event('A request failed', 'no such file');
	expect(lines).toEqual(['A request failed: no such file', 'A request failed: no such file']);
});
