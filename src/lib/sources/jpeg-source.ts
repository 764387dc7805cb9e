/** Cameras that send JPEG pictures: Motion JPEG over HTTP, and single pictures that are polled. */
import { AppError, toAppError } from '../errors';
import type { GrabbedFrame } from '../protocol';
import { decodeJpeg } from './jpeg-decode';
import { Latest } from './latest';
import { PartReader } from './multipart';
import { Pace } from './pace';
import { type Login, request, sentence, shortened } from './request';
import type { FrameSource } from './source';

export interface JpegOptions {
	readonly url: string;
	readonly login: Login | null;
	/** Longer side of the frames; larger pictures are reduced. */
	readonly maxSidePx: number;
	/** The stream's pace, as known from earlier tries. */
	readonly pace?: Pace;
}

/** Passes pictures to `put` until `signal` aborts. Returns or throws when the stream ends. `limitMs`: for an answer. */
type Feed = (
	options: JpegOptions & { readonly limitMs: number },
	put: (picture: Uint8Array<ArrayBuffer>) => void,
	signal: AbortSignal
) => Promise<void>;

class JpegSource implements FrameSource {
	readonly kind = 'stream';
	readonly live = true;
	readonly mirrored = false;
	readonly element = null;
	onend: ((error: AppError) => void) | null = null;
	readonly #options: JpegOptions;
	readonly #feed: Feed;
	readonly #pace: Pace;
	readonly #leastStallMs: number;
	#startMs = 0;
	readonly #pictures = new Latest<Uint8Array<ArrayBuffer>>();
	readonly #ended = new AbortController();
	/** The first frame, which `start` waits for. */
	#first: GrabbedFrame | null = null;
	#endError: AppError | null = null;

	/** A stream without a new picture counts as frozen after `leastStallMs` at the earliest. */
	constructor(options: JpegOptions, feed: Feed, leastStallMs: number) {
		this.#options = options;
		this.#feed = feed;
		this.#pace = options.pace ?? new Pace();
		this.#leastStallMs = leastStallMs;
	}

	get arrived(): number {
		return this.#pictures.count;
	}

	async start(signal: AbortSignal): Promise<void> {
		const stopped = AbortSignal.any([signal, this.#ended.signal]);
		const put = (picture: Uint8Array<ArrayBuffer>) => this.#pictures.put(picture);
		this.#pace.begin();
		this.#startMs = performance.now();
		const limitMs = this.#pace.firstLimitMs;
		void this.#feed({ ...this.#options, limitMs }, put, stopped).then(
			() => this.#end(new AppError('stream-lost', 'the stream ended')),
			(thrown: unknown) => this.#end(toAppError(thrown, 'stream-lost'))
		);
		this.#first = await this.#next(limitMs);
		if (signal.aborted) this.#first?.close();
		signal.throwIfAborted();
		if (this.#endError !== null) throw this.#endError;
		if (this.#first === null) {
			this.#pace.missed();
			this.stop();
			const said = `No picture came within ${Math.round(limitMs / 1000)} s.`;
			throw new AppError('stream-unreadable', 'no picture came in time', undefined, said);
		}
	}

	async grab(): Promise<GrabbedFrame | null> {
		const first = this.#first;
		this.#first = null;
		if (first !== null) return first;
		const limitMs = Math.max(this.#leastStallMs, this.#pace.nextLimitMs);
		const frame = await this.#next(limitMs);
		if (frame === null && !this.#ended.signal.aborted) {
			this.#pace.missed();
			this.#end(new AppError('stream-frozen', `no new picture for ${Math.round(limitMs)} ms`));
		}
		return frame;
	}

	stop(): void {
		this.#ended.abort();
		this.#pictures.close();
		this.#first?.close();
		this.#first = null;
	}

	/** The next picture that can be decoded; null if none comes in time or the stream ended. */
	async #next(limitMs: number): Promise<GrabbedFrame | null> {
		const lastMs = performance.now() + limitMs;
		while (!this.#ended.signal.aborted) {
			const picture = await this.#pictures.take(Math.max(0, lastMs - performance.now()));
			if (picture === null) return null;
			// A damaged one is skipped: the next will do.
			const frame = await decodeJpeg(picture, this.#options.maxSidePx).catch(() => null);
			if (frame !== null) {
				const nowMs = performance.now();
				this.#pace.arrived(nowMs, nowMs - this.#startMs);
				return frame;
			}
			if (performance.now() >= lastMs) return null;
		}
		return null;
	}

	#end(error: AppError): void {
		if (this.#ended.signal.aborted) return;
		this.#endError = error;
		this.stop();
		this.onend?.(error);
	}
}

/** More than any camera sends as one picture. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Types that are not pictures, if they are correct: some cameras use them for pictures all the same. */
const OTHER_TYPES = /^(text|video|audio|application\/(json|xml|xhtml|sdp|vnd\.apple))/i;
/** JPEG, PNG, WebP or GIF, at the start or after a boundary and headers. */
const PICTURE = /\xff\xd8\xff|\x89PNG\r\n|RIFF[^]{4}WEBP|GIF8[79]a/;

/** The start of an answer, as Latin-1. Throws stream-unreadable, quoting it, if it has another type and no picture. */
function beginningOf(response: Response, first: Uint8Array): string {
	const type = (response.headers.get('Content-Type') ?? '').split(';')[0]?.trim() ?? '';
	const text = String.fromCharCode(...first.subarray(0, 4096));
	if (OTHER_TYPES.test(type) && !PICTURE.test(text) && !isBoundary(text)) {
		const words = /^(text|application)/i.test(type) ? new TextDecoder().decode(first.subarray(0, 4096)) : '';
		throw new AppError('stream-unreadable', `the answer is ${type}`, undefined, sentence(response.status, type, words));
	}
	return text;
}

/** Whether an answer starts like a multipart one. */
const isBoundary = (text: string): boolean => /^\s*--\S/.test(text);

/** Motion JPEG over HTTP: one answer that never ends. */
export function createMjpegSource(options: JpegOptions): FrameSource {
	return new JpegSource(options, feedStream, 0);
}

async function feedStream(
	{ url, login, limitMs }: JpegOptions & { readonly limitMs: number },
	put: (picture: Uint8Array<ArrayBuffer>) => void,
	signal: AbortSignal
) {
	const response = await request(url, { login, signal, limitMs });
	const type = (response.headers.get('Content-Type') ?? '').toLowerCase();
	const parts = new PartReader(type.startsWith('multipart/') ? response.headers.get('Content-Type') : null);
	let shown = new Uint8Array(0);
	let count = 0;
	const show = (pictures: readonly Uint8Array<ArrayBuffer>[]) => {
		count += pictures.length;
		const newest = pictures.at(-1);
		// A recorder that lost its camera repeats the last picture: the same bytes are not a new picture.
		if (newest === undefined || isSame(newest, shown)) return;
		shown = newest;
		put(newest);
	};
	if (response.body !== null) {
		const reader = response.body.getReader();
		const first = await reader.read().catch((thrown: unknown) => {
			signal.throwIfAborted();
			throw type.startsWith('multipart/')
				? new AppError('stream-unreadable', 'this browser cannot read multipart answers', thrown)
				: thrown;
		});
		if (!first.done) beginningOf(response, first.value);
		for (let piece = first; !piece.done; piece = await reader.read()) show(parts.push(piece.value));
		show(parts.end());
	}
	if (count === 1 && type.startsWith('image/')) {
		const said = 'It sends one picture and ends: write snapshot: instead of mjpeg:.';
		throw new AppError('stream-unreadable', 'a single picture came', undefined, said);
	}
	if (count === 0) {
		const said = parts.text === null ? null : `It says: “${shortened(parts.text)}”.`;
		throw new AppError('stream-empty', 'the answer ended without a picture', undefined, said);
	}
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
	return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** A camera that repeats its last snapshot for less than this is not frozen. */
const SAME_SNAPSHOT_MS = 30_000;

/** More pictures than one file holds, even with a gain map, a second eye and a preview. */
const MANY_PICTURES = 5;
const ENDLESS = 'It sends pictures without end: write mjpeg: instead of snapshot:.';

/** The body of an answer. Throws stream-unreadable if it is not a single picture, or does not end. */
export async function wholePicture(response: Response): Promise<Uint8Array<ArrayBuffer>> {
	const reader = response.body?.getReader();
	const parts: Uint8Array<ArrayBuffer>[] = [];
	let bytes = 0;
	const counter = new PartReader(null);
	let count = 0;
	for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) {
		if (parts.length === 0 && isBoundary(beginningOf(response, piece.value))) {
			await reader?.cancel();
			throw new AppError('stream-unreadable', 'the answer is in parts', undefined, ENDLESS);
		}
		count += counter.push(piece.value).length;
		if (count >= MANY_PICTURES) {
			await reader?.cancel();
			throw new AppError('stream-unreadable', 'one picture follows another', undefined, ENDLESS);
		}
		bytes += piece.value.length;
		if (bytes > MOST_BYTES) {
			await reader?.cancel();
			throw new AppError('stream-unreadable', `the answer has more than ${MOST_BYTES} bytes`);
		}
		parts.push(piece.value);
	}
	return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Single pictures, requested every `everyMs`; a repeated picture does not count as new. */
export function createSnapshotSource(options: JpegOptions & { readonly everyMs: number }): FrameSource {
	const { everyMs } = options;
	return new JpegSource(
		options,
		async ({ url, login, limitMs }, put, signal) => {
			let shown = new Uint8Array(0);
			while (!signal.aborted) {
				const askedMs = performance.now();
				const response = await request(url, { login, signal, limitMs });
				const picture = await wholePicture(response);
				if (!isSame(picture, shown)) put(picture);
				shown = picture;
				await new Promise((resolve) => setTimeout(resolve, Math.max(0, askedMs + everyMs - performance.now())));
			}
		},
		Math.max(SAME_SNAPSHOT_MS, 3 * everyMs)
	);
}
