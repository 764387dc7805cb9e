/** Streams that a video element plays: files, HLS and WebRTC. How each gets there is its own module's. */
import { AppError, toAppError } from '../errors';
import type { GrabbedFrame } from '../protocol';
import type { Login } from './request';
import type { FrameSource } from './source';
import { VideoFrames } from './video-frames';

export interface StreamAddress {
	readonly url: string;
	readonly login: Login | null;
}

/**
 * Leads a stream into `video` and resolves once it may be played, or rejects with an AppError. Calls `fail` where it
 * ends later; stops and releases everything when `signal` aborts.
 */
export type Attach = (video: HTMLVideoElement, fail: (error: AppError) => void, signal: AbortSignal) => Promise<void>;

/** For the first picture: a server that starts its camera on demand needs seconds. */
const FIRST_FRAME_LIMIT_MS = 12_000;

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

	/** Frames have at most `maxSidePx` on their longer side. */
	constructor(attach: Attach, maxSidePx: number) {
		this.#attach = attach;
		this.#maxSidePx = maxSidePx;
	}

	async start(signal: AbortSignal): Promise<void> {
		const video = document.createElement('video');
		video.muted = true;
		video.playsInline = true;
		this.element = video;
		// Whatever ends it before it plays is why it could not be started.
		let isPlaying = false;
		let refuse: (error: AppError) => void = () => undefined;
		const failed = new Promise<never>((_, reject) => (refuse = reject));
		const fail = (error: AppError) => {
			if (isPlaying) this.#end(error);
			else refuse(error);
		};
		const stopped = AbortSignal.any([signal, this.#ended.signal]);
		stopped.addEventListener('abort', () => fail(new AppError('stream-lost', 'stopped')), { once: true });
		const timer = setTimeout(
			() => fail(new AppError('stream-unreadable', `nothing was played within ${FIRST_FRAME_LIMIT_MS} ms`)),
			FIRST_FRAME_LIMIT_MS
		);
		try {
			await Promise.race([failed, this.#attach(video, fail, this.#ended.signal).then(() => video.play())]);
			isPlaying = true;
		} catch (thrown) {
			this.stop();
			signal.throwIfAborted();
			throw toAppError(thrown, 'stream-unreadable');
		} finally {
			clearTimeout(timer);
		}
		signal.throwIfAborted();
		this.#frames = new VideoFrames(video, this.#ended.signal, this.#maxSidePx);
	}

	async grab(): Promise<GrabbedFrame | null> {
		if (this.#frames === null) return null;
		try {
			return await this.#frames.grab();
		} catch (thrown) {
			if (this.#ended.signal.aborted) return null;
			if (!(thrown instanceof AppError)) throw thrown;
			this.#end(new AppError('stream-frozen', thrown.message, thrown));
			return null;
		}
	}

	stop(): void {
		this.#ended.abort();
		if (this.element === null) return;
		this.element.pause();
		this.element.srcObject = null;
		// Without this the element would go on loading.
		this.element.removeAttribute('src');
		this.element.load();
	}

	#end(error: AppError): void {
		if (this.#ended.signal.aborted) return;
		this.stop();
		this.onend?.(error);
	}
}

/** A video file, played again and again. */
export function attachFile({ url }: StreamAddress): Attach {
	return (video, fail, signal) => {
		video.loop = true;
		// A file of another origin must allow its pixels to be read.
		video.crossOrigin = 'anonymous';
		video.addEventListener(
			'error',
			() => {
				const { code, message } = video.error ?? { code: 0, message: 'unknown' };
				const isUnreadable = code === MediaError.MEDIA_ERR_DECODE;
				fail(new AppError(isUnreadable ? 'stream-unreadable' : 'stream-unreachable', `video: ${message}`));
			},
			{ signal }
		);
		video.src = url;
		return Promise.resolve();
	};
}
