/** Cameras that give JPEG pictures: Motion JPEG over HTTP, and single pictures that are asked for again and again. */
import { AppError, toAppError } from '../errors';
import type { GrabbedFrame } from '../protocol';
import { EMPTY_STREAM, readJpegs } from './jpeg-stream';
import { decodeJpeg } from './jpeg-decode';
import { Latest } from './latest';
import { type Login, request } from './request';
import type { FrameSource } from './source';

/** For the answer to begin, and for the first whole picture: a proxy may have to wake its camera. */
const ANSWER_LIMIT_MS = 8000;
/** No new picture for this long is a stream that froze: connections that stay open tell nothing. */
const STALL_MS = 5000;

export interface JpegOptions {
	readonly url: string;
	readonly login: Login | null;
	/** Longer side of the frames given; larger pictures are reduced. */
	readonly maxSidePx: number;
}

/** Gives pictures to `put` until `signal` aborts. Returns or throws where the stream ends. */
type Feed = (options: JpegOptions, put: (picture: Blob) => void, signal: AbortSignal) => Promise<void>;

class JpegSource implements FrameSource {
	readonly kind = 'stream';
	readonly live = true;
	readonly mirrored = false;
	readonly element = null;
	onend: ((error: AppError) => void) | null = null;
	readonly #options: JpegOptions;
	readonly #feed: Feed;
	readonly #stallMs: number;
	readonly #pictures = new Latest<Blob>();
	readonly #ended = new AbortController();
	/** The first frame, which `start` waits for. */
	#first: GrabbedFrame | null = null;
	#endError: AppError | null = null;

	constructor(options: JpegOptions, feed: Feed, stallMs: number) {
		this.#options = options;
		this.#feed = feed;
		this.#stallMs = stallMs;
	}

	async start(signal: AbortSignal): Promise<void> {
		const stopped = AbortSignal.any([signal, this.#ended.signal]);
		const put = (picture: Blob) => this.#pictures.put(picture);
		void this.#feed(this.#options, put, stopped).then(
			() => this.#end(new AppError('stream-lost', 'the stream ended')),
			(thrown: unknown) => this.#end(toAppError(thrown, 'stream-lost'))
		);
		this.#first = await this.#next(ANSWER_LIMIT_MS);
		if (signal.aborted) this.#first?.close();
		signal.throwIfAborted();
		if (this.#endError !== null) throw this.#endError;
		if (this.#first === null) {
			this.stop();
			throw new AppError('stream-unreadable', 'no picture came in time');
		}
	}

	async grab(): Promise<GrabbedFrame | null> {
		const first = this.#first;
		this.#first = null;
		const frame = first ?? (await this.#next(this.#stallMs));
		if (frame === null) this.#end(new AppError('stream-frozen', `no new picture for ${this.#stallMs} ms`));
		return frame;
	}

	stop(): void {
		this.#ended.abort();
		this.#pictures.close();
		this.#first?.close();
		this.#first = null;
	}

	/** The next picture that can be decoded; null where none comes in time or the stream ended. */
	async #next(limitMs: number): Promise<GrabbedFrame | null> {
		const lastMs = performance.now() + limitMs;
		while (!this.#ended.signal.aborted) {
			const picture = await this.#pictures.take(Math.max(0, lastMs - performance.now()));
			if (picture === null) return null;
			// One that is damaged is passed over: the next will do.
			const frame = await decodeJpeg(picture, this.#options.maxSidePx).catch(() => null);
			if (frame !== null) return frame;
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

/** Motion JPEG over HTTP: one answer that never ends. */
export function createMjpegSource(options: JpegOptions): FrameSource {
	return new JpegSource(options, feedStream, STALL_MS);
}

async function feedStream({ url, login }: JpegOptions, put: (picture: Blob) => void, signal: AbortSignal) {
	const response = await request(url, { login, signal, limitMs: ANSWER_LIMIT_MS });
	if (response.body === null) return;
	let stream = EMPTY_STREAM;
	let shown = new Uint8Array(0);
	const reader = response.body.getReader();
	const first = await reader.read().catch((thrown: unknown) => {
		signal.throwIfAborted();
		const parts = response.headers.get('Content-Type')?.startsWith('multipart/') === true;
		throw parts ? new AppError('stream-unreadable', 'this browser reads no answer in parts', thrown) : thrown;
	});
	for (let part = first; !part.done; part = await reader.read()) {
		const { stream: after, pictures } = readJpegs(stream, part.value);
		stream = after;
		const newest = pictures.at(-1);
		// A recorder that lost its camera repeats the last picture: the same bytes again are no new picture.
		if (newest === undefined || isSame(newest, shown)) continue;
		shown = newest;
		put(new Blob([newest], { type: 'image/jpeg' }));
	}
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
	return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** A camera that keeps its last snapshot for a while is no frozen one yet. */
const SAME_SNAPSHOT_MS = 30_000;

/** Single pictures, asked for every `everyMs`; the same again is no new picture. */
export function createSnapshotSource(options: JpegOptions & { readonly everyMs: number }): FrameSource {
	const { everyMs } = options;
	return new JpegSource(
		options,
		async ({ url, login }, put, signal) => {
			let shown = new Uint8Array(0);
			while (!signal.aborted) {
				const askedMs = performance.now();
				const response = await request(url, { login, signal, limitMs: ANSWER_LIMIT_MS });
				const picture = await response.blob();
				const bytes = new Uint8Array(await picture.arrayBuffer());
				if (!isSame(bytes, shown)) put(picture);
				shown = bytes;
				await new Promise((resolve) => setTimeout(resolve, Math.max(0, askedMs + everyMs - performance.now())));
			}
		},
		Math.max(SAME_SNAPSHOT_MS, 3 * everyMs)
	);
}
