/** The server's end of a WebSocket (RFC 6455), as far as test servers need it. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

export interface ServerSocket {
	/** Gets each complete message: text as text, anything else as bytes. */
	onMessage: (message: string | Buffer) => void;
	onClose: () => void;
	send(message: string | Buffer): void;
	/** As if the program ended. */
	destroy(): void;
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Answers a request to upgrade. `protocol`: the accepted subprotocol, or null. */
export function acceptWebSocket(
	request: IncomingMessage,
	stream: Duplex,
	protocol: string | null = null
): ServerSocket {
	const key = request.headers['sec-websocket-key'] ?? '';
	const accept = createHash('sha1')
		.update(key + GUID)
		.digest('base64');
	stream.write(
		[
			'HTTP/1.1 101 Switching Protocols',
			'Upgrade: websocket',
			'Connection: Upgrade',
			`Sec-WebSocket-Accept: ${accept}`,
			...(protocol === null ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
			'',
			''
		].join('\r\n')
	);
	const socket: ServerSocket = {
		onMessage: () => undefined,
		onClose: () => undefined,
		send: (message) => {
			if (stream.destroyed) return;
			const body = Buffer.from(message as string);
			stream.write(Buffer.concat([header(typeof message === 'string' ? 1 : 2, body.length), body]));
		},
		destroy: () => stream.destroy()
	};
	let rest = Buffer.alloc(0);
	let parts: Buffer[] = [];
	let isText = false;
	stream.on('data', (chunk: Buffer) => {
		rest = Buffer.concat([rest, chunk]);
		for (let frame = readFrame(rest); frame !== null; frame = readFrame(rest)) {
			rest = rest.subarray(frame.end);
			if (frame.code === 8) stream.end();
			else if (frame.code === 9) stream.write(Buffer.concat([header(10, frame.body.length), frame.body]));
			else if (frame.code <= 2) {
				if (frame.code > 0) isText = frame.code === 1;
				parts.push(frame.body);
				if (!frame.isLast) continue;
				const whole = Buffer.concat(parts);
				parts = [];
				socket.onMessage(isText ? whole.toString() : whole);
			}
		}
	});
	stream.on('close', () => socket.onClose());
	stream.on('error', () => undefined);
	return socket;
}

function header(code: number, length: number): Buffer {
	if (length < 126) return Buffer.from([0x80 | code, length]);
	if (length < 65_536) return Buffer.from([0x80 | code, 126, length >> 8, length & 255]);
	const bytes = Buffer.alloc(10);
	bytes[0] = 0x80 | code;
	bytes[1] = 127;
	bytes.writeBigUInt64BE(BigInt(length), 2);
	return bytes;
}

/** A frame from a client, which is masked; null if it is not complete yet. */
function readFrame(bytes: Buffer): { code: number; isLast: boolean; body: Buffer; end: number } | null {
	if (bytes.length < 2) return null;
	const [first = 0, second = 0] = bytes;
	let length = second & 127;
	let at = 2;
	if (length === 126) {
		if (bytes.length < 4) return null;
		length = bytes.readUInt16BE(2);
		at = 4;
	} else if (length === 127) {
		if (bytes.length < 10) return null;
		length = Number(bytes.readBigUInt64BE(2));
		at = 10;
	}
	if (bytes.length < at + 4 + length) return null;
	const mask = bytes.subarray(at, at + 4);
	const body = Buffer.from(
		bytes.subarray(at + 4, at + 4 + length).map((value, index) => value ^ (mask[index & 3] ?? 0))
	);
	return { code: first & 15, isLast: (first & 0x80) !== 0, body, end: at + 4 + length };
}
