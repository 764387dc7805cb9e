/**
 * Extracts pictures from multipart answers (multipart/x-mixed-replace, RFC 2046), as cameras write them: with and
 * without lengths, with boundaries other than announced, with LF for CRLF, without end markers. Each part gives one
 * picture, the one that an image element would show; what follows it (a gain map, a second eye) or lies in it (a
 * preview) is ignored.
 */
import { EMPTY_STREAM, type JpegStream, readJpegs } from './jpeg-stream';

/** A part larger than this is not a picture. */
const MAX_BYTES = 16 * 1024 * 1024;
/** More than any camera writes above a picture. */
const MAX_HEAD_BYTES = 16 * 1024;
/** Boundaries have at most 70 characters. */
const MAX_LINE_BYTES = 100;
const [LF, CR, DASH, SPACE] = [0x0a, 0x0d, 0x2d, 0x20];

type Within = 'gap' | 'head' | 'body' | 'done' | 'raw';

export class PartReader {
	/** Text of the newest part without a picture; null if there was none. */
	text: string | null = null;
	#within: Within = 'gap';
	/** Bytes not yet consumed, and how far they have been searched. */
	#rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);
	#seen = 0;
	/** The line between parts; null until it was seen. */
	#boundary: Uint8Array | null = null;
	readonly #announced: string;
	#length: number | null = null;
	#type = '';
	/** Whether lengths have led to the next boundary so far; null until known. */
	#lengthIsRight: boolean | null = null;
	#walk: JpegStream = EMPTY_STREAM;
	#canWalk = true;
	#raw: JpegStream = EMPTY_STREAM;

	/** `contentType`: of the answer. */
	constructor(contentType: string | null) {
		const quoted = /boundary="?([^";]+)/i.exec(contentType ?? '')?.[1] ?? '';
		this.#announced = quoted.trim().replace(/^-+/, '');
	}

	/** The pictures completed by these bytes, oldest first. Takes any bytes; never throws; holds at most 16 MB. */
	push(chunk: Uint8Array): Uint8Array<ArrayBuffer>[] {
		const found: Uint8Array<ArrayBuffer>[] = [];
		if (this.#within === 'raw') return this.#readRaw(chunk);
		this.#rest = joined(this.#rest, chunk);
		while (this.#step(found));
		if (this.#rest.length > MAX_BYTES) {
			// No boundary follows: what looked like one was not.
			this.#within = 'raw';
			this.#take(this.#rest.length);
		}
		return found;
	}

	/** What is left when the stream ends: a last part without a boundary after it. */
	end(): Uint8Array<ArrayBuffer>[] {
		const found: Uint8Array<ArrayBuffer>[] = [];
		let end = this.#rest.length;
		while (end > 0 && (this.#rest[end - 1] === LF || this.#rest[end - 1] === CR)) end--;
		if (this.#within === 'body') this.#deliver(this.#rest.subarray(0, end), found);
		this.#take(this.#rest.length);
		return found;
	}

	/** One step; false if more bytes are needed. */
	#step(found: Uint8Array<ArrayBuffer>[]): boolean {
		switch (this.#within) {
			case 'gap':
				return this.#findBoundary(found);
			case 'head':
				return this.#readHead();
			case 'body':
				return this.#readBody(found);
			case 'done':
				return this.#passBoundary();
			case 'raw':
				return false;
		}
	}

	#findBoundary(found: Uint8Array<ArrayBuffer>[]): boolean {
		const bytes = this.#rest;
		const start = indexOfPair(bytes, 0xff, 0xd8, 0);
		for (let at = 0; at < bytes.length && (start < 0 || at < start);) {
			const end = bytes.indexOf(LF, at);
			if (end < 0) break;
			const line = trimmed(bytes, at, end);
			const text = latin1(line).replace(/^-+/, '');
			const isBoundary =
				line[0] === DASH && line[1] === DASH ? text.length > 0 : text !== '' && text === this.#announced;
			if (isBoundary && (start < 0 || end < start)) {
				this.#boundary = line;
				this.#startHead(end + 1);
				return true;
			}
			at = end + 1;
		}
		if (start >= 0) {
			this.#within = 'raw';
			found.push(...this.#readRaw(this.#take(bytes.length)));
		} else if (bytes.length > MAX_HEAD_BYTES) this.#take(bytes.length - 1024);
		return false;
	}

	#startHead(from: number): void {
		this.#take(from);
		this.#within = 'head';
		this.#length = null;
		this.#type = '';
	}

	/** Lines up to an empty one, or to the picture itself. */
	#readHead(): boolean {
		const bytes = this.#rest;
		for (let at = 0; at < bytes.length;) {
			if (bytes[at] === 0xff && bytes[at + 1] === 0xd8) return this.#startBody(at);
			const end = bytes.indexOf(LF, at);
			if (end < 0) break;
			const line = latin1(trimmed(bytes, at, end));
			if (line === '') return this.#startBody(end + 1);
			const [, name = '', value = ''] = /^([^:]*):\s*(.*)$/.exec(line) ?? [];
			if (name.toLowerCase() === 'content-length' && /^\d+$/.test(value)) this.#length = Number(value);
			if (name.toLowerCase() === 'content-type') this.#type = value.toLowerCase();
			at = end + 1;
		}
		if (bytes.length < MAX_HEAD_BYTES) return false;
		this.#within = 'gap';
		this.#take(bytes.length - 1024);
		return true;
	}

	#startBody(from: number): boolean {
		this.#take(from);
		this.#within = 'body';
		this.#walk = EMPTY_STREAM;
		this.#canWalk = true;
		return true;
	}

	#readBody(found: Uint8Array<ArrayBuffer>[]): boolean {
		const bytes = this.#rest;
		const length = this.#lengthIsRight === false || this.#length === 0 ? null : this.#length;
		// As long as lengths are right and end a picture, there is no need to search for the boundary.
		if (length !== null && this.#lengthIsRight === true) {
			if (bytes.length < length) return false;
			if (endsPicture(bytes.subarray(0, length))) return this.#deliverBody(length, found);
		}
		const { at: next, open } = this.#indexOfBoundary(this.#seen);
		if (next >= 0) {
			if (length !== null) this.#lengthIsRight = next >= length && next <= length + 4;
			const isExact = length !== null && this.#lengthIsRight === true;
			this.#deliver(bytes.subarray(0, isExact ? length : next), found);
			this.#take(next);
			this.#within = 'done';
			return true;
		}
		if (length !== null) {
			if (bytes.length < length) {
				this.#seen = Math.max(this.#seen, open);
				return false;
			}
			const body = bytes.subarray(0, length);
			// If lengths are not proven right and this one does not end a picture, wait for the boundary.
			if (this.#lengthIsRight !== true && !endsPicture(body)) {
				this.#seen = Math.max(this.#seen, open);
				return false;
			}
			return this.#deliverBody(length, found);
		}
		if (this.#canWalk) {
			// Without a length, the picture is followed to its end: the boundary only comes with the next one.
			const to = Math.max(this.#seen, open);
			const { stream, pictures, broken } = readJpegs(this.#walk, bytes.subarray(this.#seen, to));
			this.#walk = stream;
			const [first] = pictures;
			if (broken > 0) this.#canWalk = false;
			else if (first !== undefined) {
				found.push(first);
				this.#take(to);
				this.#within = 'done';
				return true;
			}
		}
		this.#seen = Math.max(this.#seen, open);
		return false;
	}

	#deliverBody(length: number, found: Uint8Array<ArrayBuffer>[]): true {
		this.#deliver(this.#rest.subarray(0, length), found);
		this.#take(length);
		this.#within = 'done';
		return true;
	}

	/** From the end of a picture to the next boundary. */
	#passBoundary(): boolean {
		const bytes = this.#rest;
		const { at } = this.#indexOfBoundary(0);
		if (at < 0) {
			// Keep enough for a boundary that has already begun.
			const kept = (this.#boundary?.length ?? 0) + 2 * MAX_LINE_BYTES;
			if (bytes.length > kept) {
				if (this.#length !== null) this.#lengthIsRight = false;
				this.#take(bytes.length - kept);
			}
			return false;
		}
		if (this.#length !== null && this.#lengthIsRight === null && at <= 4) this.#lengthIsRight = true;
		const end = bytes.indexOf(LF, at);
		if (end < 0) return false;
		this.#startHead(end + 1);
		return true;
	}

	/** Where a boundary line begins, or -1; `open`: there is certainly none before this. */
	#indexOfBoundary(from: number): { at: number; open: number } {
		const [bytes, boundary] = [this.#rest, this.#boundary];
		if (boundary === null) return { at: -1, open: bytes.length };
		const [first = 0] = boundary;
		for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
			if (at + boundary.length >= bytes.length) {
				const isBegun = boundary.subarray(0, bytes.length - at).every((byte, index) => bytes[at + index] === byte);
				if (isBegun) return { at: -1, open: this.#lineStart(at) };
				continue;
			}
			const after = bytes[at + boundary.length];
			const isWhole = after === LF || after === CR || after === DASH || after === SPACE;
			if (!isWhole || !boundary.every((byte, index) => bytes[at + index] === byte)) continue;
			if (this.#isLineStart(at)) return { at: this.#lineStart(at), open: at };
		}
		const other = this.#indexOfOther(from);
		return { at: other, open: bytes.length };
	}

	/** Finds a different boundary line, recognised by the headers below it, and switches to it; -1 if there is none. */
	#indexOfOther(from: number): number {
		const bytes = this.#rest;
		const start = Math.max(0, from - MAX_LINE_BYTES);
		for (let at = bytes.indexOf(LF, start); at >= 0; at = bytes.indexOf(LF, at + 1)) {
			if (bytes[at + 1] !== DASH || bytes[at + 2] !== DASH) continue;
			const end = bytes.indexOf(LF, at + 1);
			if (end < 0 || end - at > MAX_LINE_BYTES) continue;
			if (!/^content-(type|length):/i.test(latin1(bytes.subarray(end + 1, end + 16)))) continue;
			this.#boundary = trimmed(bytes, at + 1, end);
			return this.#lineStart(at + 1);
		}
		return -1;
	}

	/** Whether it is at the very start, after a line break, or after the end marker of a picture. */
	#isLineStart(at: number): boolean {
		const bytes = this.#rest;
		if (at === 0 || bytes[at - 1] === LF) return true;
		// Some boundaries have more dashes than announced.
		let before = at;
		while (before > 0 && bytes[before - 1] === DASH) before--;
		return before === 0 || bytes[before - 1] === LF || (bytes[before - 2] === 0xff && bytes[before - 1] === 0xd9);
	}

	/** The position before the preceding dashes and line break. */
	#lineStart(at: number): number {
		const bytes = this.#rest;
		let start = at;
		while (start > 0 && bytes[start - 1] === DASH) start--;
		if (start > 0 && bytes[start - 1] === LF) start--;
		if (start > 0 && bytes[start - 1] === CR) start--;
		return start;
	}

	#deliver(body: Uint8Array, found: Uint8Array<ArrayBuffer>[]): void {
		const start = indexOfPair(body, 0xff, 0xd8, 0);
		const isOther = /^image\/(?!jpe?g)/.test(this.#type) && body.length > 8;
		if (isOther) found.push(Uint8Array.from(body));
		else if (start >= 0) {
			// A missing end marker is not added: the decoder must find out whether pixels are missing, too.
			found.push(Uint8Array.from(body.subarray(start)));
		} else if (body.length > 0 && !this.#type.startsWith('image/')) this.text = latin1(body.subarray(0, 400)).trim();
	}

	#readRaw(chunk: Uint8Array): Uint8Array<ArrayBuffer>[] {
		const { stream, pictures } = readJpegs(this.#raw, chunk);
		this.#raw = stream;
		return [...pictures];
	}

	/** Removes bytes from the front. */
	#take(count: number): Uint8Array<ArrayBuffer> {
		const taken = this.#rest.slice(0, count);
		this.#rest = this.#rest.slice(count);
		this.#seen = 0;
		return taken;
	}
}

/** Whether it ends with the end marker, apart from padding. */
function endsPicture(bytes: Uint8Array): boolean {
	let end = bytes.length;
	while (end > 2 && bytes.length - end < 64 && [0, LF, CR, SPACE].includes(bytes[end - 1] ?? -1)) end--;
	return bytes[end - 2] === 0xff && bytes[end - 1] === 0xd9;
}

function indexOfPair(bytes: Uint8Array, first: number, second: number, from: number): number {
	let at = bytes.indexOf(first, from);
	while (at >= 0 && bytes[at + 1] !== second) at = bytes.indexOf(first, at + 1);
	return at;
}

/** A line without white space at either end. */
function trimmed(bytes: Uint8Array, from: number, to: number): Uint8Array {
	let [start, end] = [from, to];
	while (start < end && (bytes[start] ?? 0) <= SPACE) start++;
	while (end > start && (bytes[end - 1] ?? 0) <= SPACE) end--;
	return bytes.slice(start, end);
}

function latin1(bytes: Uint8Array): string {
	return Array.from(bytes.subarray(0, 1024), (byte) => String.fromCharCode(byte)).join('');
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(first.length + second.length);
	bytes.set(first);
	bytes.set(second, first.length);
	return bytes;
}
