/** Frames of a playing video element, each at most once: shared by every source that plays through one. */
import { AppError } from '../errors';
import type { GrabbedFrame } from '../protocol';
import { fitWithin } from './scale';
import { takeVideoFrame } from './video-frame';

/** Longer side of an analysed frame: more costs transfer time and finds no additional faces. */
const MAX_SIDE_PX = 1280;
/** For cameras of this device: streams freeze without any event. */
const STALL_MS = 5000;

/** WebKitGTK has the callback but does not call it: after a video has played this long without a call, it is polled. */
const UNCALLED_S = 1;

const CALLS_BACK = typeof HTMLVideoElement !== 'undefined' && 'requestVideoFrameCallback' in HTMLVideoElement.prototype;

export class VideoFrames {
	readonly #video: HTMLVideoElement;
	readonly #signal: AbortSignal;
	readonly #maxSidePx: number;
	#handle = 0;
	#callsBack = CALLS_BACK;
	/** How many frames were presented. */
	count = 0;
	/** Whether a frame was presented since the last grab. */
	#fresh = false;
	#seenTime = -1;
	#wake: (() => void) | null = null;

	/** If a visible page gets no new frame for this long, its stream is lost. */
	stallMs: number;

	/** Watches `video` until `signal` aborts; larger frames are reduced to `maxSidePx`. */
	constructor(video: HTMLVideoElement, signal: AbortSignal, maxSidePx = MAX_SIDE_PX, stallMs = STALL_MS) {
		this.stallMs = stallMs;
		this.#video = video;
		this.#signal = signal;
		this.#maxSidePx = maxSidePx;
		this.#watch();
		signal.addEventListener('abort', () => {
			this.#unwatch();
			this.#wake?.();
		});
		const startS = video.currentTime;
		video.addEventListener(
			'timeupdate',
			() => {
				if (!this.#callsBack || this.count > 0 || video.currentTime - startS < UNCALLED_S) return;
				this.#unwatch();
				this.#callsBack = false;
				this.#watch();
			},
			{ signal }
		);
		document.addEventListener('visibilitychange', () => this.#wake?.(), { signal });
	}

	/**
	 * The next frame not yet grabbed, its longer side at most `maxSidePx`; null once the signal aborts. Waits without a
	 * time limit while the page is hidden; throws camera-lost after `stallMs` visible milliseconds without a frame.
	 */
	async grab(): Promise<GrabbedFrame | null> {
		while (!this.#signal.aborted) {
			const hidden = document.visibilityState === 'hidden';
			if (this.#fresh && !hidden) {
				this.#fresh = false;
				return this.#capture();
			}
			const woken = await this.#woken(hidden ? null : this.stallMs);
			// If the page was hidden in the meantime, it had no frames to show: that is not a stall.
			if (!woken && !hidden && document.visibilityState === 'visible') {
				throw new AppError('camera-lost', `no new frame for ${Math.round(this.stallMs)} ms`);
			}
		}
		return null;
	}

	#watch(): void {
		const presented = () => {
			const { currentTime } = this.#video;
			if (this.#callsBack || currentTime !== this.#seenTime) {
				this.#seenTime = currentTime;
				this.#fresh = true;
				this.count++;
				this.#wake?.();
			}
			this.#watch();
		};
		this.#handle = this.#callsBack
			? this.#video.requestVideoFrameCallback(presented)
			: requestAnimationFrame(presented);
	}

	#unwatch(): void {
		if (this.#callsBack) this.#video.cancelVideoFrameCallback(this.#handle);
		else cancelAnimationFrame(this.#handle);
	}

	/** True at the next frame, change of visibility or abort; false if none came within the limit. */
	#woken(limitMs: number | null): Promise<boolean> {
		return new Promise((resolve) => {
			const timer = limitMs === null ? undefined : setTimeout(() => resolve(false), limitMs);
			this.#wake = () => {
				clearTimeout(timer);
				this.#wake = null;
				resolve(true);
			};
		});
	}

	/**
	 * A video frame, which costs nothing to take; or a bitmap, which is drawn, and reduced if the frame is too large.
	 */
	async #capture(): Promise<GrabbedFrame> {
		const full = { width: this.#video.videoWidth, height: this.#video.videoHeight };
		const { width, height } = fitWithin(full, this.#maxSidePx);
		if (width < full.width)
			return createImageBitmap(this.#video, { resizeWidth: width, resizeHeight: height, resizeQuality: 'medium' });
		return (await takeVideoFrame(() => new VideoFrame(this.#video))) ?? createImageBitmap(this.#video);
	}
}
