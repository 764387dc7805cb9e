/** Streams played by a video element: files, HLS, MSE and WebRTC. Each is attached by its own module. */
import { AppError, toAppError } from '../errors';
import type { GrabbedFrame } from '../protocol';
import type { Pace } from './pace';
import { type Login, request, shortened, wordsOf } from './request';
import type { FrameSource } from './source';
import { VideoFrames } from './video-frames';

export interface StreamAddress {
	readonly url: string;
	readonly login: Login | null;
}

/**
 * Attaches a stream to `video` and resolves once it can be played, or rejects with an AppError. Calls `fail` if it ends
 * later; stops and releases everything when `signal` aborts.
 */
export type Attach = (video: HTMLVideoElement, fail: (error: AppError) => void, signal: AbortSignal) => Promise<void>;

/** Time that playing takes beyond an answer: a playlist, its parts, a first whole picture. */
const PLAYING_MS = 4000;
/** An audio stream never gets a picture size; a video has it before its first frame. */
const SIZE_LIMIT_MS = 4000;

export class PlayedSource implements FrameSource {
	readonly kind = 'stream';
	readonly live = true;
	readonly mirrored = false;
	onend: ((error: AppError) => void) | null = null;
	element: HTMLVideoElement | null = null;
	#frames: VideoFrames | null = null;
	readonly #attach: Attach;
	readonly #maxSidePx: number;
	readonly #ended = new AbortController();

	readonly #pace: Pace;
	#startMs = 0;
	get arrived(): number | undefined {
		return this.#frames?.count;
	}

	/** Frames have at most `maxSidePx` on their longer side. */
	constructor(attach: Attach, maxSidePx: number, pace: Pace) {
		this.#pace = pace;
		this.#attach = attach;
		this.#maxSidePx = maxSidePx;
	}

	async start(signal: AbortSignal): Promise<void> {
		const video = document.createElement('video');
		video.muted = true;
		video.playsInline = true;
		this.element = video;
		// If it ends before it plays, that is the reason why it could not be started.
		let isPlaying = false;
		let refuse: (error: AppError) => void = () => undefined;
		const failed = new Promise<never>((_, reject) => (refuse = reject));
		const fail = (error: AppError) => {
			if (isPlaying) this.#end(error);
			else refuse(error);
		};
		const stopped = AbortSignal.any([signal, this.#ended.signal]);
		stopped.addEventListener('abort', () => fail(new AppError('stream-lost', 'stopped')), { once: true });
		this.#pace.begin();
		this.#startMs = performance.now();
		const limitMs = this.#pace.firstLimitMs + PLAYING_MS;
		const timer = setTimeout(() => {
			this.#pace.missed();
			const said = `Nothing was played within ${Math.round(limitMs / 1000)} s.`;
			fail(new AppError('stream-unreadable', `nothing was played within ${limitMs} ms`, undefined, said));
		}, limitMs);
		try {
			const played = this.#attach(video, fail, this.#ended.signal)
				.then(() => playing(video))
				.then(() => sized(video));
			await Promise.race([failed, played]);
			isPlaying = true;
		} catch (thrown) {
			this.stop();
			signal.throwIfAborted();
			throw toAppError(thrown, 'stream-unreadable');
		} finally {
			clearTimeout(timer);
		}
		signal.throwIfAborted();
		this.#frames = new VideoFrames(video, this.#ended.signal, this.#maxSidePx, this.#pace.nextLimitMs);
	}

	async grab(): Promise<GrabbedFrame | null> {
		if (this.#frames === null) return null;
		try {
			const frame = await this.#frames.grab();
			const nowMs = performance.now();
			this.#pace.arrived(nowMs, nowMs - this.#startMs);
			this.#frames.stallMs = this.#pace.nextLimitMs;
			return frame;
		} catch (thrown) {
			if (this.#ended.signal.aborted) return null;
			if (!(thrown instanceof AppError)) throw thrown;
			this.#pace.missed();
			this.#end(new AppError('stream-frozen', thrown.message, thrown));
			return null;
		}
	}

	stop(): void {
		this.#ended.abort();
		if (this.element === null) return;
		this.element.pause();
		this.element.srcObject = null;
		// Otherwise the element would keep loading.
		this.element.removeAttribute('src');
		this.element.load();
	}

	#end(error: AppError): void {
		if (this.#ended.signal.aborted) return;
		this.stop();
		this.onend?.(error);
	}
}

/** If playing fails, leaves time for the reason to arrive, from the element's error event or the server. */
async function playing(video: HTMLVideoElement): Promise<void> {
	try {
		await video.play();
	} catch (thrown) {
		await new Promise((resolve) => setTimeout(resolve, ASK_LIMIT_MS + 1000));
		throw thrown;
	}
}

/** For a stream that works but has nothing to show; `message`: how that was found out. */
export function noPictures(message: string): AppError {
	const said = 'It sends only sound, or pictures that this browser cannot decode (such as H.265).';
	return new AppError('stream-unreadable', message, undefined, said);
}

/** Rejects with stream-unreadable if what plays has no pictures. */
async function sized(video: HTMLVideoElement): Promise<void> {
	const lastMs = performance.now() + SIZE_LIMIT_MS;
	while (video.videoWidth === 0) {
		if (performance.now() > lastMs) {
			throw noPictures('what plays has no pictures');
		}
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}

/** A video file, played in a loop. */
export function attachFile(address: StreamAddress): Attach {
	return (video, fail, signal) => {
		// With the attribute `loop`, WebKitGTK stops in the second round. If it cannot play on, that counts as a standstill.
		video.addEventListener('ended', () => void video.play().catch(() => undefined), { signal });
		// A file of another origin must allow its pixels to be read.
		video.crossOrigin = 'anonymous';
		video.addEventListener(
			'error',
			() => {
				const { code, message } = video.error ?? { code: 0, message: 'unknown' };
				const isUnreadable = code === MediaError.MEDIA_ERR_DECODE;
				if (isUnreadable) fail(new AppError('stream-unreadable', `video: ${message}`));
				else void whyUnplayed(address, message, signal).then(fail, () => undefined);
			},
			{ signal }
		);
		video.src = address.url;
		return Promise.resolve();
	};
}

/** Long enough for a server that has just answered the video element. */
const ASK_LIMIT_MS = 4000;

/** Why a video element does not accept an address: it does not tell, so the server is asked once more. */
async function whyUnplayed({ url, login }: StreamAddress, message: string, signal: AbortSignal): Promise<AppError> {
	try {
		const headers = { Range: 'bytes=0-4095' };
		const response = await request(url, { login, signal, limitMs: ASK_LIMIT_MS, headers });
		const said = await wordsOf(response);
		return new AppError('stream-unreadable', `video: ${shortened(message)}`, undefined, said);
	} catch (thrown) {
		return toAppError(thrown, 'stream-unreachable');
	}
}
