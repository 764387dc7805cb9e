/**
 * Makes the answers of cameras acceptable to Node's strict parser. Browsers show pictures from cameras that end their
 * lines with a bare LF, send headers without names, or give both a length and chunks; so does the proxy.
 */
import { Duplex } from 'node:stream';

/** More than any camera sends; anything longer is not an HTTP answer. */
const MAX_HEAD_BYTES = 64 * 1024;
const MAX_SIZE_LINE_BYTES = 4096;
const STATUS_LINE = /^(HTTP|ICY)(?:\/[\d.]+)?[ \t]+(\d{3})(?!\d)/i;
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** The message is a sentence for the client. */
export class AnswerError extends Error {}

export interface AnswerHead {
	readonly status: number;
	/** In order; values hold printable characters only. */
	readonly headers: readonly (readonly [name: string, value: string])[];
	/** Length of the body: bytes, 'chunked', or null if it ends with the connection. */
	readonly length: number | 'chunked' | null;
}

/** Reads a head (Latin-1, without the empty line at its end). Throws AnswerError if it is not HTTP. */
function readHead(text: string): AnswerHead {
	const [first = '', ...lines] = text.replace(/^(\xef\xbb\xbf|\s)+/, '').split(/\r*\n/);
	const [, protocol, status] = STATUS_LINE.exec(first) ?? [];
	if (protocol === undefined) throw new AnswerError(describeForeign(Buffer.from(text, 'latin1')));
	const headers: [string, string][] = [];
	for (const line of lines) {
		const folded = headers.at(-1);
		if (/^[ \t]/.test(line) && folded !== undefined) {
			folded[1] = `${folded[1]} ${printable(line)}`.trim();
			continue;
		}
		const colon = line.indexOf(':');
		const name = line.slice(0, Math.max(0, colon)).trim();
		if (TOKEN.test(name)) headers.push([name.toLowerCase(), printable(line.slice(colon + 1))]);
	}
	const valuesOf = (wanted: string) => headers.filter(([name]) => name === wanted).map(([, value]) => value);
	const chunked = valuesOf('transfer-encoding').some((value) => /\bchunked\b/i.test(value));
	const lengths = valuesOf('content-length').flatMap((value) => value.split(','));
	const sizes = new Set(
		lengths.map((value) => /^\s*(\d{1,15})(?!\d)/.exec(value)?.[1]).filter((size) => size !== undefined)
	);
	const [size] = sizes;
	return {
		status: Number(status),
		headers: headers.filter(([name]) => name !== 'transfer-encoding' && name !== 'content-length'),
		length: chunked ? 'chunked' : size !== undefined && sizes.size === 1 ? Number(size) : null
	};
}

function printable(value: string): string {
	return value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').trim();
}

/** Says what answered instead of a web server, judging by its first bytes. */
function describeForeign(bytes: Buffer): string {
	const text = bytes.toString('latin1');
	if (text.startsWith('RTSP/')) {
		return 'it speaks RTSP, which browsers do not play: put go2rtc or MediaMTX in front of it';
	}
	if (bytes[0] === 0x15 && bytes[1] === 0x03) return 'it speaks TLS: write https:// instead of http://';
	if (text.startsWith('SSH-')) return 'it speaks SSH, not HTTP: is the port right?';
	const shown = text.slice(0, 24).replace(/[^\x20-\x7e]/g, '.');
	return text === ''
		? 'it closed the connection without an answer: does it need https:// instead of http://?'
		: `its answer is not HTTP: it begins with "${shown}"`;
}

/**
 * A connection for one answer: writing passes on what Node's client sends; reading gives the answer with a strict head
 * and strict chunks. `bodyless`: the answer to HEAD.
 */
export class AnswerStream extends Duplex {
	readonly #socket: Duplex;
	readonly #bodyless: boolean;
	#read: (bytes: Buffer) => void = (bytes) => this.#readHead(bytes);
	#pending: Buffer = Buffer.alloc(0);
	/** True if nothing would be missing were the connection to end now. */
	#complete = false;
	/** Bytes still to come of the current chunk or body. */
	#left = 0;
	#chunks = 0;
	#chunked = false;
	/** True if the body was announced as chunked but is not. */
	#whole = false;
	#ended = false;

	constructor(socket: Duplex, bodyless: boolean) {
		super({ allowHalfOpen: true });
		this.#socket = socket;
		this.#bodyless = bodyless;
		socket.on('data', (bytes: Buffer) => {
			try {
				if (!this.#ended) this.#read(bytes);
			} catch (error) {
				this.destroy(error as Error);
			}
		});
		socket.on('end', () => {
			if (this.#chunked && this.#chunks === 0 && this.#pending.length > 0) this.#takeWhole(this.#pending);
			if (this.#whole) this.#endChunks();
			else if (this.#complete) this.#end();
			else this.destroy(this.#read === this.#inHead ? this.#cutHead() : new AnswerError('it broke off its answer'));
		});
		socket.on('error', (error) => this.destroy(error));
		socket.on('close', () => this.destroy());
	}

	readonly #inHead = this.#read;

	#cutHead(): AnswerError {
		return new AnswerError(describeForeign(this.#pending));
	}

	override _read(): void {
		this.#socket.resume();
	}

	override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
		this.#socket.write(chunk, done);
	}

	/** In one write: a camera that answers after the head and closes resets on later bytes, which loses its answer. */
	override _writev(chunks: readonly { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
		this.#socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
	}

	override _final(done: (error?: Error | null) => void): void {
		this.#socket.end(() => done());
	}

	override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
		this.#socket.destroy();
		done(error);
	}

	#give(bytes: Buffer): void {
		if (bytes.length > 0 && !this.push(bytes)) this.#socket.pause();
	}

	#giveChunk(bytes: Buffer): void {
		if (bytes.length === 0) return;
		this.#give(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]));
	}

	#end(): void {
		if (this.#ended) return;
		this.#ended = true;
		this.push(null);
	}

	#readHead(bytes: Buffer): void {
		this.#pending = Buffer.concat([this.#pending, bytes]);
		const text = this.#pending.toString('latin1');
		const start = /^(\xef\xbb\xbf|\s)*/.exec(text)?.[0].length ?? 0;
		if (text.length - start >= 5 && !/^(HTTP|ICY )/i.test(text.slice(start))) throw this.#cutHead();
		const empty = /\r*\n\r*\n/.exec(text.slice(start));
		if (empty === null) {
			if (text.length > MAX_HEAD_BYTES) throw new AnswerError('the head of its answer is longer than 64 KB');
			return;
		}
		const end = start + empty.index;
		const head = readHead(text.slice(start, end));
		const rest = this.#pending.subarray(end + empty[0].length);
		this.#pending = Buffer.alloc(0);
		const { status, headers, length } = head;
		if (status >= 100 && status < 200 && status !== 101) {
			// An interim answer; the one that counts follows.
			if (rest.length > 0) this.#readHead(rest);
			return;
		}
		// The parser would fail on an invalid status; the client gets 502 instead.
		const known = status >= 100 && status <= 599 ? status : 502;
		const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
		const size =
			length === null ? '' : length === 'chunked' ? 'transfer-encoding: chunked\r\n' : `content-length: ${length}\r\n`;
		this.#give(Buffer.from(`HTTP/1.1 ${known} Answer\r\n${lines}${size}\r\n`, 'latin1'));
		const empties = this.#bodyless || known === 204 || known === 304;
		this.#complete = known === 101 || empties || length === null;
		if (known === 101) this.#read = (more) => this.#give(more);
		else if (empties) this.#read = () => undefined;
		else if (length === 'chunked') {
			this.#chunked = true;
			this.#read = (more) => this.#readChunks(more);
		} else if (length === null) this.#read = (more) => this.#give(more);
		else {
			this.#left = length;
			this.#read = (more) => this.#readLength(more);
		}
		this.#read(rest);
	}

	#readLength(bytes: Buffer): void {
		this.#give(bytes.subarray(0, this.#left));
		this.#left -= Math.min(this.#left, bytes.length);
		if (this.#left > 0) return;
		this.#complete = true;
		this.#end();
	}

	#readChunks(bytes: Buffer): void {
		let rest = this.#pending.length > 0 ? Buffer.concat([this.#pending, bytes]) : bytes;
		this.#pending = Buffer.alloc(0);
		for (;;) {
			if (this.#left > 0) {
				this.#giveChunk(rest.subarray(0, this.#left));
				const given = Math.min(this.#left, rest.length);
				this.#left -= given;
				rest = rest.subarray(given);
			}
			if (rest.length === 0) return;
			// Perhaps only the line break after a chunk has arrived: the next size comes with the next picture.
			const line = /^\s*([^\r\n]+)\r*\n/.exec(rest.subarray(0, MAX_SIZE_LINE_BYTES).toString('latin1'));
			if (line === null && rest.length < MAX_SIZE_LINE_BYTES) {
				this.#pending = rest;
				return;
			}
			const size = /^(?:0x)?([\da-f]{1,8})\s*(;|$)/i.exec(line?.[1] ?? '')?.[1];
			if (line === null || size === undefined) {
				this.#takeWhole(rest);
				return;
			}
			this.#chunks++;
			this.#left = parseInt(size, 16);
			rest = rest.subarray(line[0].length);
			if (this.#left > 0) continue;
			this.#endChunks();
			return;
		}
	}

	/** Passes on a body that was announced as chunked but is not. Throws if chunks came before. */
	#takeWhole(bytes: Buffer): void {
		if (this.#chunks > 0) throw new AnswerError('the chunks of its answer are damaged');
		this.#read = (more) => this.#giveChunk(more);
		this.#giveChunk(bytes);
		this.#whole = true;
	}

	#endChunks(): void {
		if (this.#ended) return;
		this.#give(Buffer.from('0\r\n\r\n'));
		this.#complete = true;
		this.#end();
	}
}
