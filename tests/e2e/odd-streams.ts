/** A camera that answers in odd ways that people have met, one per path, to test what plays and what is told. */
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';

export interface OddStreams {
	readonly address: string;
	stop(): void;
}

type Answer = (socket: net.Socket) => void;

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n';

const noisy = (width: number, height: number) =>
	sharp({
		create: { width, height, channels: 3, background: '#888', noise: { type: 'gaussian', mean: 128, sigma: 40 } }
	})
		.jpeg()
		.toBuffer();

/** The picture with a counter in a comment: the same bytes again are no new picture. */
let pictures = 0;
function fresh(jpeg: Buffer): Buffer {
	const comment = Buffer.from(`\xff\xfe\0\x0a${String(++pictures).padStart(8, '0')}`, 'latin1');
	return Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]);
}

function whole(type: string, body: string, status = '200 OK', more = ''): Answer {
	const head = `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
	return (socket) => socket.end(head + body);
}

interface Shape {
	readonly frame: () => Buffer;
	readonly length?: boolean;
	readonly head?: string;
	readonly partHead?: (bytes: number) => string;
	readonly firstMs?: number;
	readonly everyMs?: number;
}

function parts({ frame, length = true, head = HEAD, partHead, firstMs = 0, everyMs = 200 }: Shape): Answer {
	return (socket) => {
		socket.write(head);
		const send = () => {
			if (socket.destroyed) return;
			const picture = frame();
			const above =
				partHead?.(picture.length) ??
				`--b\r\nContent-Type: image/jpeg\r\n${length ? `Content-Length: ${picture.length}\r\n` : ''}\r\n`;
			socket.write(Buffer.concat([Buffer.from(above), picture, Buffer.from('\r\n')]));
			setTimeout(send, everyMs);
		};
		setTimeout(send, firstMs);
	};
}

function single(type: string, body: Buffer, more = ''): Buffer {
	const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n${more}Content-Length: ${body.length}\r\n\r\n`;
	return Buffer.concat([Buffer.from(head), body]);
}

/** Like `fresh`, with the counter after the picture. */
const withComment = (png: Buffer): Buffer => Buffer.concat([png, Buffer.from(String(++pictures))]);

export async function startOddStreams(): Promise<OddStreams> {
	const [small, large, tiny] = await Promise.all([noisy(32, 24), noisy(64, 48), noisy(16, 16)]);
	const png = await sharp(small).png().toBuffer();
	const withPreview = (): Buffer => {
		const head = Buffer.from([0xff, 0xe1, 0, 0]);
		head.writeUInt16BE(tiny.length + 2, 2);
		const picture = fresh(large);
		// Three stray bytes after the preview.
		return Buffer.concat([picture.subarray(0, 2), head, tiny, Buffer.from([0, 0x11, 0]), picture.subarray(2)]);
	};
	const frame = () => fresh(small);
	const paths: Readonly<Record<string, Answer>> = {
		'/no-end-mark': parts({ frame: () => frame().subarray(0, -2) }),
		'/no-end-mark-no-length': parts({ frame: () => frame().subarray(0, -2), length: false }),
		'/preview': parts({ frame: withPreview }),
		'/preview-no-length': parts({ frame: withPreview, length: false }),
		'/two': parts({ frame: () => Buffer.concat([frame(), fresh(tiny)]) }),
		'/two-no-length': parts({ frame: () => Buffer.concat([frame(), fresh(tiny)]), length: false }),
		'/wrong-length': parts({
			frame,
			partHead: (bytes) => `--b\r\nContent-Type: image/jpeg\r\nContent-Length: ${bytes + 500}\r\n\r\n`
		}),
		'/other-boundary': parts({ frame, partHead: () => '--another\r\nContent-Type: image/jpeg\r\n\r\n' }),
		'/bare-lines': parts({ frame, partHead: (bytes) => `--b\nContent-length:${bytes}\n\n` }),
		'/no-parts': parts({
			frame,
			head: 'HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n',
			partHead: () => ''
		}),
		'/no-boundary': parts({ frame, head: HEAD.replace('; boundary=b', '') }),
		'/dashed-boundary': parts({ frame, head: HEAD.replace('=b', '="--b"') }),
		'/odd-boundary': parts({
			frame,
			head: HEAD.replace('=b', '="==_b; (c)"'),
			partHead: () => '--==_b; (c)\r\nContent-Type: image/jpeg\r\n\r\n'
		}),
		'/as-page': parts({ frame, head: HEAD.replace(/Type: .*/, 'Type: text/html') }),
		'/as-video': parts({ frame, head: HEAD.replace(/Type: .*/, 'Type: video/x-motion-jpeg'), partHead: () => '' }),
		'/png-parts': parts({
			frame: () => withComment(png),
			partHead: (bytes) => `--b\r\nContent-Type: image/png\r\nContent-Length: ${bytes}\r\n\r\n`
		}),
		'/chunks': (socket) => {
			socket.write(HEAD.replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n'));
			// With chunk extensions, and cut anywhere.
			const send = () => {
				if (socket.destroyed) return;
				const part = Buffer.concat([
					Buffer.from('--b\r\nContent-Type: image/jpeg\r\n\r\n'),
					frame(),
					Buffer.from('\r\n')
				]);
				for (const piece of [part.subarray(0, 31), part.subarray(31, 99), part.subarray(99)])
					socket.write(
						Buffer.concat([Buffer.from(`${piece.length.toString(16)};n=1\r\n`), piece, Buffer.from('\r\n')])
					);
				setTimeout(send, 200);
			};
			send();
		},
		'/moved': (socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: /no-parts\r\nContent-Length: 0\r\n\r\n'),
		'/picture-as-page': (socket) => socket.end(single('text/html', frame())),
		'/picture-as-bytes': (socket) => socket.end(single('application/octet-stream', frame())),
		'/picture-zipped': (socket) => socket.end(single('image/jpeg', gzipSync(frame()), 'Content-Encoding: gzip\r\n')),
		'/picture-png': (socket) => socket.end(single('image/jpeg', withComment(png))),
		'/slow': parts({ frame, everyMs: 6000 }),
		'/late': parts({ frame, firstMs: 9000 }),
		'/empty': whole('multipart/x-mixed-replace; boundary=b', ''),
		'/words': whole(
			'multipart/x-mixed-replace; boundary=b',
			'--b\r\nContent-Type: text/plain\r\n\r\nno camera on port 3\r\n--b--\r\n'
		),
		'/single': (socket) => socket.end(single('image/jpeg', frame())),
		'/login-page': whole('text/html', '<!DOCTYPE html><title>Sign in to door</title>'),
		'/busy': whole(
			'text/xml',
			'<ResponseStatus><statusString>Device Busy</statusString></ResponseStatus>',
			'503 Service Unavailable'
		),
		'/gone': whole('application/json', '{"error":"no stream named door"}', '404 Not Found'),
		'/codec': whole(
			'application/json',
			'{"status":"error","error":"codecs not supported by client"}',
			'400 Bad Request'
		),
		'/hls-codec.m3u8': whole(
			'application/json',
			'{"error":"the stream doesn\'t contain any supported codec"}',
			'500 Internal Server Error'
		)
	};
	const server = net.createServer((socket) => {
		socket.on('error', () => undefined);
		socket.once('data', (data: Buffer) => {
			const path = data.toString('latin1').split(' ')[1]?.split('?')[0] ?? '';
			(paths[path] ?? whole('text/plain', 'no such path', '404 Not Found'))(socket);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const open = new Set<net.Socket>();
	server.on('connection', (socket) => open.add(socket));
	return {
		address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		stop: () => {
			for (const socket of open) socket.destroy();
			server.close();
		}
	};
}
