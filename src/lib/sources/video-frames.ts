/** Frames of a playing video element, one at a time: shared by every source that plays through one. */
import { AppError } from '../errors';
import { fitWithin } from './scale';

/** Longer side of an analysed frame: more costs transfer time and finds no further face. */
const MAX_SIDE_PX = 1280;
/** A visible page that gets no new frame for this long has lost its stream: streams freeze without any event. */
const STALL_MS = 5000;

const CALLS_BACK = typeof HTMLVideoElement !== 'undefined' && 'requestVideoFrameCallback' in HTMLVideoElement.prototype;

/**
 * Resolves at the next frame that the element presents; waits, without a time limit, while the page is hidden.
 * Rejects with camera-lost after five visible seconds without one, and with the signal's reason once it aborts.
 */
export async function nextFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
	await pageVisible(signal);
	signal.throwIfAborted();
	await new Promise<void>((resolve, reject) => {
		const startedAt = video.currentTime;
		let timer = setTimeout(stalled, STALL_MS);
		let handle = CALLS_BACK ? video.requestVideoFrameCallback(presented) : requestAnimationFrame(presented);
		signal.addEventListener('abort', aborted, { once: true });

		function presented(): void {
			if (!CALLS_BACK && video.currentTime === startedAt) {
				handle = requestAnimationFrame(presented);
				return;
			}
			leave();
			resolve();
		}
		function stalled(): void {
			if (document.visibilityState === 'hidden') {
				timer = setTimeout(stalled, STALL_MS);
				return;
			}
			leave();
			reject(new AppError('camera-lost', `no new frame for ${STALL_MS} ms`));
		}
		function aborted(): void {
			leave();
			reject(signal.reason as Error);
		}
		function leave(): void {
			clearTimeout(timer);
			signal.removeEventListener('abort', aborted);
			if (CALLS_BACK) video.cancelVideoFrameCallback(handle);
			else cancelAnimationFrame(handle);
		}
	});
}

/** The frame that the element shows now, its longer side at most 1280 px. */
export async function grabFrame(video: HTMLVideoElement): Promise<ImageBitmap> {
	const full = { width: video.videoWidth, height: video.videoHeight };
	const size = fitWithin(full, MAX_SIDE_PX);
	if (size.width === full.width) return createImageBitmap(video);
	return createImageBitmap(video, { resizeWidth: size.width, resizeHeight: size.height, resizeQuality: 'medium' });
}

function pageVisible(signal: AbortSignal): Promise<void> {
	if (document.visibilityState === 'visible') return Promise.resolve();
	return new Promise((resolve) => {
		const settled = () => {
			if (document.visibilityState === 'hidden' && !signal.aborted) return;
			document.removeEventListener('visibilitychange', settled);
			signal.removeEventListener('abort', settled);
			resolve();
		};
		document.addEventListener('visibilitychange', settled);
		signal.addEventListener('abort', settled);
	});
}
