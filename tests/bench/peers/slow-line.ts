/**
 * A slow line in front of a server, shared by all connections, as in a household. Chromium's own throttling gives every
 * worker a line of its own, which would flatter pages that fetch in one.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

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
	/** Each request takes a round trip to be answered, the first one also that of the handshake. */
	async function ask(browser: Socket, upstream: Socket): Promise<void> {
		await delay(roundTripMs);
		for await (const data of browser as AsyncIterable<Buffer>) {
			await delay(roundTripMs);
			upstream.write(data);
		}
		upstream.end();
	}
	async function answer(upstream: Socket, browser: Socket): Promise<void> {
		for await (const data of upstream as AsyncIterable<Buffer>) {
			for (let at = 0; at < data.length; at += PIECE_BYTES) {
				const piece = data.subarray(at, at + PIECE_BYTES);
				freeMs = Math.max(freeMs, performance.now()) + (8000 * piece.length) / bitsPerSecond;
				const waitMs = freeMs - performance.now();
				if (waitMs > 1) await delay(waitMs);
				browser.write(piece);
			}
		}
		browser.end();
	}
	const server = createServer((browser) => {
		const upstream = connect(Number(port), hostname);
		const both = [browser, upstream];
		const close = (): void => {
			for (const socket of both) socket.destroy();
		};
		for (const socket of both) {
			sockets.add(socket);
			socket.setNoDelay(true);
			socket.on('error', close);
			socket.on('close', () => sockets.delete(socket));
		}
		ask(browser, upstream).catch(close);
		answer(upstream, browser).catch(close);
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
