/**
 * Films by seeking in a video element, if WebCodecs is missing or cannot decode what the element can. Slower, and the
 * browser tells neither how many frames there are nor which one it shows.
 */
import { AppError } from '../../errors';
import { fitWithin } from '../scale';
import { ANALYSED_SIDE_PX, type FilmFrame, type FilmInfo, type FilmReader, type Sampling } from './film';
import { readRecordedAt } from './recorded-at';

/** Frames per second when every frame was asked for, as seeking cannot find each one. */
const MOST_PER_SECOND = 25;
const OPEN_LIMIT_MS = 20_000;
const SEEK_LIMIT_MS = 20_000;
/** An element that seeks to the very end shows nothing. */
const END_S = 0.001;

/** Rejects with AppError: `reason` (why WebCodecs could not read it), if the element cannot play it either. */
export async function openPlayed(file: Blob, reason: AppError | null): Promise<FilmReader> {
	const url = URL.createObjectURL(file);
	const video = document.createElement('video');
	video.muted = true;
	video.preload = 'auto';
	video.playsInline = true;
	video.src = url;
	const release = (): void => {
		video.removeAttribute('src');
		video.load();
		URL.revokeObjectURL(url);
	};
	try {
		await happened(video, 'loadeddata', OPEN_LIMIT_MS);
		if (video.videoWidth === 0) throw new AppError('film-no-video', 'the element plays no picture');
		await findEnd(video);
		const size = { width: video.videoWidth, height: video.videoHeight };
		const info: FilmInfo = {
			size,
			analysedSize: fitWithin(size, ANALYSED_SIDE_PX),
			startS: 0,
			endS: video.duration,
			frameCount: null,
			container: null,
			codec: null,
			hdr: false,
			recordedAtMs: await readRecordedAt(file).catch(() => null),
			method: 'video',
			cutShort: reason?.code === 'film-incomplete',
			videoTracks: null
		};
		return new PlayedFilm(video, info, release);
	} catch (thrown) {
		release();
		if (thrown instanceof AppError && thrown.code === 'film-no-video') throw thrown;
		throw reason ?? new AppError('film-unreadable', 'the element cannot play it', thrown);
	}
}

/** Recordings that were streamed to disk have no known duration until the element seeks to their end. */
async function findEnd(video: HTMLVideoElement): Promise<void> {
	if (Number.isFinite(video.duration)) return;
	video.currentTime = Number.MAX_SAFE_INTEGER;
	await happened(video, 'seeked', SEEK_LIMIT_MS);
	if (!Number.isFinite(video.duration)) throw new AppError('film-unreadable', 'a film without an end');
}

class PlayedFilm implements FilmReader {
	readonly info: FilmInfo;
	readonly #video: HTMLVideoElement;
	readonly #release: () => void;
	/** Seeks are queued: an element can only be at one position. */
	#queue: Promise<unknown> = Promise.resolve();

	constructor(video: HTMLVideoElement, info: FilmInfo, release: () => void) {
		this.#video = video;
		this.info = info;
		this.#release = release;
	}

	count(sampling: Sampling): number {
		return Math.max(0, this.#steps(sampling) - this.#firstStep(sampling));
	}

	async *frames(sampling: Sampling, signal: AbortSignal): AsyncGenerator<FilmFrame, void, undefined> {
		const perSecond = sampling.perSecond ?? MOST_PER_SECOND;
		let lastS = sampling.afterS ?? -Infinity;
		for (let step = this.#firstStep(sampling); step < this.#steps(sampling); step++) {
			signal.throwIfAborted();
			const frame = await this.at(sampling.fromS + step / perSecond);
			signal.throwIfAborted();
			// Two times may show the same frame.
			if (frame === null || frame.timeS <= lastS) continue;
			lastS = frame.timeS;
			yield frame;
		}
	}

	at(timeS: number): Promise<FilmFrame | null> {
		const seek = this.#queue.then(() => this.#seek(timeS));
		this.#queue = seek.catch(() => undefined);
		return seek;
	}

	step(timeS: number, by: number): number {
		return Math.max(0, Math.min(this.info.endS, timeS + by / MOST_PER_SECOND));
	}

	close(): void {
		this.#release();
	}

	#steps({ fromS, toS, perSecond }: Sampling): number {
		return Math.ceil((toS - fromS) * (perSecond ?? MOST_PER_SECOND) - 1e-6);
	}

	#firstStep({ fromS, perSecond, afterS }: Sampling): number {
		return afterS === null ? 0 : Math.floor((afterS - fromS) * (perSecond ?? MOST_PER_SECOND) + 1e-6) + 1;
	}

	async #seek(timeS: number): Promise<FilmFrame> {
		const video = this.#video;
		const wantedS = Math.min(Math.max(0, timeS), Math.max(0, video.duration - END_S));
		const presented = presentedTime(video);
		if (Math.abs(video.currentTime - wantedS) > 1e-6) {
			video.currentTime = wantedS;
			try {
				await happened(video, 'seeked', SEEK_LIMIT_MS);
			} catch (thrown) {
				throw new AppError('film-damaged', `cannot seek to ${wantedS} s`, thrown);
			}
		}
		const shownS = await presented;
		const { width, height } = this.info.analysedSize;
		return {
			frame: null,
			timeS: shownS ?? wantedS,
			grab: () => createImageBitmap(video, { resizeWidth: width, resizeHeight: height, resizeQuality: 'high' }),
			draw: (context) => {
				context.drawImage(video, 0, 0, context.canvas.width, context.canvas.height);
				return Promise.resolve();
			}
		};
	}
}

/** When the next frame that the element shows begins, in seconds; null if the browser does not tell in time. */
function presentedTime(video: HTMLVideoElement): Promise<number | null> {
	if (!('requestVideoFrameCallback' in video)) return Promise.resolve(null);
	return new Promise((resolve) => {
		const handle = video.requestVideoFrameCallback((_, { mediaTime }) => resolve(mediaTime));
		// A frame that is already shown is not announced again.
		video.addEventListener(
			'seeked',
			() =>
				setTimeout(() => {
					video.cancelVideoFrameCallback(handle);
					resolve(null);
				}, 100),
			{ once: true }
		);
		if (!video.seeking) setTimeout(() => resolve(null), 200);
	});
}

/** Resolves at the event; rejects if the element fails or the limit passes first. */
function happened(video: HTMLVideoElement, event: 'loadeddata' | 'seeked', limitMs: number): Promise<void> {
	return new Promise((resolve, reject) => {
		const ended = new AbortController();
		const settle = (act: () => void) => () => {
			ended.abort();
			clearTimeout(timer);
			act();
		};
		const timer = setTimeout(
			settle(() => reject(new Error(`no ${event} for ${limitMs} ms`))),
			limitMs
		);
		video.addEventListener(event, settle(resolve), { signal: ended.signal });
		video.addEventListener(
			'error',
			settle(() => reject(new Error(video.error?.message ?? 'the element failed'))),
			{
				signal: ended.signal
			}
		);
	});
}
