import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { download, type RemoteFile } from '../../../../training/pretrained/download';
import { temporaryFolder } from '../temporary-folder';

const CONTENT = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 31) % 251));
const CUT = 120_000;

const dir = temporaryFolder({ emptied: true });
let server: Server;
let remote: RemoteFile;
/** The requested ranges. */
let asked: (string | undefined)[] = [];
let behaviour: 'whole' | 'cut' | 'no ranges' | 'missing' | 'other' = 'whole';

beforeEach(async () => {
	[asked, behaviour] = [[], 'whole'];
	server = createServer((request, response) => {
		const { range } = request.headers;
		asked.push(range);
		if (behaviour === 'missing') {
			response.writeHead(404).end();
			return;
		}
		const start = range !== undefined && behaviour !== 'no ranges' ? Number(/bytes=(\d+)-/.exec(range)?.[1]) : 0;
		const body = behaviour === 'other' ? Buffer.alloc(CONTENT.length) : CONTENT.subarray(start);
		response.writeHead(start > 0 ? 206 : 200, { 'Content-Length': body.length });
		if (behaviour === 'cut')
			response.write(body.subarray(0, CUT), () => {
				// The first part must arrive before the connection is gone.
				setTimeout(() => response.destroy(), 50);
			});
		else response.end(body);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	const md5 = createHash('md5').update(CONTENT).digest('hex');
	remote = { url: `http://127.0.0.1:${String(port)}/weights.h5`, bytes: CONTENT.length, md5 };
});
afterEach(async () => {
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
});

const target = (): string => path.join(dir, 'cache', 'weights.h5');

describe('download', () => {
	it('fetches, verifies, and does not ask again', async () => {
		const seen: number[] = [];
		await download(remote, target(), (there) => seen.push(there));
		expect(readFileSync(target())).toEqual(CONTENT);
		expect(seen[0]).toBe(0);
		expect(seen.at(-1)).toBe(CONTENT.length);
		await download(remote, target());
		expect(asked).toHaveLength(1);
	});

	it('resumes where a broken connection ended', async () => {
		behaviour = 'cut';
		await expect(download(remote, target())).rejects.toThrow(/could not be fetched.*Run the same command again/s);
		const there = statSync(`${target()}.part`).size;
		expect(there).toBeGreaterThan(0);
		expect(there).toBeLessThan(CONTENT.length);
		behaviour = 'whole';
		await download(remote, target());
		expect(asked).toEqual([undefined, `bytes=${String(there)}-`]);
		expect(readFileSync(target())).toEqual(CONTENT);
		expect(existsSync(`${target()}.part`)).toBe(false);
	});

	it('starts again with a server that does not support ranges', async () => {
		behaviour = 'cut';
		await expect(download(remote, target())).rejects.toThrow();
		behaviour = 'no ranges';
		await download(remote, target());
		expect(readFileSync(target())).toEqual(CONTENT);
	});

	it('keeps nothing but the published file', async () => {
		behaviour = 'other';
		await expect(download(remote, target())).rejects.toThrow(/a different file than was published: its MD5 is/);
		expect(existsSync(target())).toBe(false);
		expect(existsSync(`${target()}.part`)).toBe(false);
	});

	it('says where to put the file by hand', async () => {
		behaviour = 'missing';
		await expect(download(remote, target())).rejects.toThrow(/answered 404.*other means.*cache.weights\.h5$/s);
		const nowhere = { ...remote, url: 'http://127.0.0.1:9/weights.h5' };
		await expect(download(nowhere, target())).rejects.toThrow(/could not be fetched.*other means.*weights\.h5$/s);
		writeFileSync(target(), CONTENT);
		await download(nowhere, target());
		writeFileSync(target(), 'rubbish');
		await expect(download(nowhere, target())).rejects.toThrow(/it has 7 bytes, not 200000/);
	});
});
