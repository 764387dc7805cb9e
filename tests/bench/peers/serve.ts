/** Serves folders as a good host would: compressed if that helps, cached forever. */
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const TYPES: Readonly<Record<string, string>> = {
	'.html': 'text/html',
	'.js': 'text/javascript',
	'.json': 'application/json',
	'.wasm': 'application/wasm',
	'.png': 'image/png',
	'.webp': 'image/webp'
};

interface Answer {
	readonly body: Buffer;
	readonly headers: Readonly<Record<string, string>>;
}

/** `roots`: folders by the first part of an address; `pages`: texts by address. */
export async function serveFolders(
	roots: Readonly<Record<string, string>>,
	pages: Readonly<Record<string, string>>
): Promise<{ origin: string; stop: () => void }> {
	const known = new Map<string, Answer | null>();
	const answerTo = (address: string): Answer | null => {
		const before = known.get(address);
		if (before !== undefined) return before;
		const [, root = '', ...rest] = address.split('/');
		const file = path.join(roots[root] ?? '', ...rest);
		const page = pages[address];
		let answer: Answer | null = null;
		if (
			page !== undefined ||
			(roots[root] !== undefined && !rest.includes('..') && statSync(file, { throwIfNoEntry: false })?.isFile())
		) {
			const plain = page === undefined ? readFileSync(file) : Buffer.from(page);
			const packed = brotliCompressSync(plain);
			const helps = packed.length < 0.95 * plain.length;
			answer = {
				body: helps ? packed : plain,
				headers: {
					'Content-Type': page === undefined ? (TYPES[path.extname(file)] ?? 'application/octet-stream') : 'text/html',
					'Cache-Control': page === undefined ? 'public, max-age=31536000, immutable' : 'no-cache',
					...(helps && { 'Content-Encoding': 'br' })
				}
			};
		}
		known.set(address, answer);
		return answer;
	};
	const server = createServer((request, response) => {
		const answer = answerTo(new URL(request.url ?? '/', 'http://localhost').pathname);
		response.writeHead(answer === null ? 404 : 200, answer?.headers);
		response.end(answer?.body);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
		stop: () => {
			server.close();
			server.closeAllConnections();
		}
	};
}
