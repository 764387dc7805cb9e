/** A camera's HTTP server, made for tests: plays pictures as streams, and misbehaves when told to. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';

/**
 * `cut`: connections are torn down, new ones too; `unavailable`: the same, but new ones get status 503; `freeze`: they
 * stay open, but nothing comes; `repeat`: the same picture again and again; `corrupt`: damaged pictures only.
 */
export type StreamMode = 'ok' | 'cut' | 'unavailable' | 'freeze' | 'repeat' | 'corrupt';

export interface Streams {
	readonly address: string;
	/** Does what its address /NAME/set/MODE does. */
	set(name: string, mode: StreamMode): void;
	/** As if the program ended: connections are closed, and nobody listens any more. */
	leave(): Promise<void>;
	/** Listens again, at the same address. */
	comeBack(): Promise<void>;
	stop(): void;
}

const BOUNDARY = 'frame';

interface Channel {
	mode: StreamMode;
	readonly open: Set<ServerResponse>;
	/** Requests since the start, with their Authorization header. */
	readonly asked: { readonly method: string; readonly authorization: string | null }[];
}

/**
 * Serves /NAME/mjpeg, /NAME/snapshot and, from `folder`, /NAME/files/FILE for any NAME that a test picks.
 * /NAME/set/MODE sets its mode, and /NAME/asked lists its requests. A new picture comes every `frameMs`. `pictures`:
 * played in a loop; a function gives the current ones.
 */
export async function startStreams(
	pictures: readonly Buffer[] | (() => readonly Buffer[]),
	folder: string,
	frameMs = 100
): Promise<Streams> {
	const channels = new Map<string, Channel>();
	let index = 0;
	const frameOf = (mode: StreamMode): Buffer => {
		const frames = typeof pictures === 'function' ? pictures() : pictures;
		const frame = frames[mode === 'repeat' ? 0 : index % frames.length] ?? Buffer.alloc(0);
		return mode === 'corrupt' ? damaged(frame, index) : frame;
	};
	const channelOf = (name: string): Channel => {
		const channel = channels.get(name) ?? { mode: 'ok', open: new Set(), asked: [] };
		channels.set(name, channel);
		return channel;
	};
	const set = (name: string, mode: StreamMode): void => {
		const channel = channelOf(name);
		channel.mode = mode;
		if (mode === 'cut' || mode === 'unavailable') for (const open of channel.open) open.destroy();
	};
	const timer = setInterval(() => {
		index++;
		for (const { mode, open } of channels.values()) {
			if (mode === 'freeze' || mode === 'cut' || mode === 'unavailable') continue;
			for (const response of open) writePart(response, frameOf(mode));
		}
	}, frameMs);

	const answer = (request: IncomingMessage, response: ServerResponse): void => {
		const [, name = '', what = '', mode] = new URL(request.url ?? '/', 'http://localhost').pathname.split('/');
		const channel = channelOf(name);
		if (what === 'set') {
			set(name, mode as StreamMode);
			response.end('ok');
			return;
		}
		if (what === 'asked') {
			response.end(JSON.stringify(channel.asked));
			return;
		}
		channel.asked.push({ method: request.method ?? '', authorization: request.headers.authorization ?? null });
		if (channel.mode === 'cut') {
			request.socket.destroy();
		} else if (channel.mode === 'unavailable') {
			response.writeHead(503).end();
		} else if (what === 'mjpeg') {
			response.writeHead(200, { 'Content-Type': `multipart/x-mixed-replace; boundary=${BOUNDARY}` });
			response.flushHeaders();
			channel.open.add(response);
			response.on('close', () => channel.open.delete(response));
		} else if (what === 'files' && channel.mode !== 'freeze') {
			void sendFile(join(folder, basename(mode ?? '')), request.headers.range, response);
		} else if (what === 'snapshot' && channel.mode !== 'freeze') {
			response.writeHead(200, { 'Content-Type': 'image/jpeg' }).end(frameOf(channel.mode));
		} else if (what !== 'snapshot' && what !== 'files') {
			response.writeHead(404).end();
		}
	};
	const server = createServer(answer);
	const listen = (at: number) => new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
	await listen(0);
	const { port } = server.address() as AddressInfo;
	return {
		address: `http://127.0.0.1:${port}`,
		set,
		leave: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
		comeBack: () => listen(port),
		stop: () => {
			clearInterval(timer);
			server.closeAllConnections();
			server.close();
		}
	};
}

async function sendFile(path: string, range: string | undefined, response: ServerResponse): Promise<void> {
	try {
		const bytes = await readFile(path);
		const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
		const last = to === undefined || to === '' ? bytes.length - 1 : Number(to);
		const part = from === undefined ? bytes : bytes.subarray(Number(from), last + 1);
		response.setHeader('Accept-Ranges', 'bytes');
		if (part !== bytes) response.setHeader('Content-Range', `bytes ${from}-${last}/${bytes.length}`);
		const headers = { 'Content-Length': part.length, 'Cache-Control': 'no-store' };
		response.writeHead(part === bytes ? 200 : 206, headers).end(part);
	} catch {
		response.writeHead(404).end();
	}
}

function writePart(response: ServerResponse, frame: Buffer): void {
	// A client that reads too slowly gets fewer pictures, as from a camera.
	if (response.writableNeedDrain) return;
	response.write(`--${BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: ${frame.length}\r\n\r\n`);
	response.write(frame);
	response.write('\r\n');
}

/** Cut off, or with its tables overwritten. */
function damaged(frame: Buffer, index: number): Buffer {
	if (index % 2 === 0) return frame.subarray(0, frame.length / 2);
	const copy = Buffer.from(frame);
	copy.fill(0x55, 2, Math.min(600, copy.length));
	return copy;
}
