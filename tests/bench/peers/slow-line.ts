/**
 * A slow line in front of a server, shared by all connections, as in a household. Chromium's own throttling gives every
 * worker a line of its own, which would flatter pages that fetch in one.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Line {
	/** Bits per second towards the browser; what it sends is small. */
	readonly bitsPerSecond: number;
	/** Least time from a request to the first byte of its answer. */
	readonly roundTripMs: number;
}

/** Bytes are let through in pieces of this size: 12 ms on a line of 10 Mbit/s. */
const PIECE_BYTES = 16_384;

/** Serves `origin` over the line; gives the new origin. */
export async function startSlowLine(
	origin: string,
	{ bitsPerSecond, roundTripMs }: Line
): Promise<{ origin: string; stop: () => void }> {
	const { hostname, port } = new URL(origin);
	const sockets = new Set<Socket>();
	/** When the line is free again. */
	let freeMs = 0;
	const server = createServer((browser) => {
		const upstream = connect(Number(port), hostname);
		for (const socket of [browser, upstream]) {
			sockets.add(socket);
			socket.setNoDelay(true);
			socket.on('error', () => undefined);
			socket.on('close', () => {
				sockets.delete(socket);
				browser.destroy();
				upstream.destroy();
			});
		}
		// The handshake takes a round trip too.
		let openMs = performance.now() + roundTripMs;
		browser.on('data', (data: Buffer) => {
			const waitMs = Math.max(openMs - performance.now(), 0) + roundTripMs;
			openMs = 0;
			setTimeout(() => upstream.write(data), waitMs);
		});
		upstream.on('data', (data: Buffer) => {
			upstream.pause();
			void (async () => {
				for (let at = 0; at < data.length; at += PIECE_BYTES) {
					const piece = data.subarray(at, at + PIECE_BYTES);
					freeMs = Math.max(freeMs, performance.now()) + (8000 * piece.length) / bitsPerSecond;
					const waitMs = freeMs - performance.now();
					if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
					if (browser.destroyed) return;
					browser.write(piece);
				}
				upstream.resume();
			})();
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
		stop: () => {
			server.close();
			for (const socket of sockets) socket.destroy();
		}
	};
}
