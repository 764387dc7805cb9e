/** Recordings: their frames one after another, each with its index and time in the file. */
import type { AppError } from '../../errors';
import type { GrabbedFrame } from '../../protocol';
import type { Size } from '../scale';

export interface FilmInfo {
	/** As a viewer sees it: turned upright, with square pixels. */
	readonly size: Size;
	/** Size of the frames that are analysed: the film's own, or smaller if that is very large. */
	readonly analysedSize: Size;
	/** Time of the first frame and the end of the last, in seconds of the container. */
	readonly startS: number;
	readonly endS: number;
	/** Frames in the container; null if the browser does not tell. */
	readonly frameCount: number | null;
	/** Such as "MP4" and "avc1.64001f"; null if the browser does not tell. */
	readonly container: string | null;
	readonly codec: string | null;
	readonly hdr: boolean;
	/** The recording's start according to the file, in milliseconds since 1970; null if it has none. */
	readonly recordedAtMs: number | null;
	/** How it is read: frame by frame through WebCodecs, or by seeking in a video element, which is slower. */
	readonly method: 'webcodecs' | 'video';
	/** Whether part of the file is missing; the rest is read. */
	readonly cutShort: boolean;
	/** Of several, only one is read; null if the browser does not tell. */
	readonly videoTracks: number | null;
}

export interface FilmFrame {
	/** Index of the frame in the container, from 0; null if the browser does not tell. */
	readonly frame: number | null;
	/** Seconds of the container. */
	readonly timeS: number;
	/** A copy of the frame for the analyser, which closes it. May be called more than once. */
	grab(): Promise<GrabbedFrame>;
	/** Draws the frame, upright, over the whole canvas. */
	draw(context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D): Promise<void>;
}

/** Selects frames: those shown between two times, `perSecond` of them or all. */
export interface Sampling {
	/** Seconds of the container. */
	readonly fromS: number;
	readonly toS: number;
	/** Null: every frame. */
	readonly perSecond: number | null;
	/** Only frames after the one at this time, to resume; null: from the first. */
	readonly afterS: number | null;
}

export interface FilmReader {
	readonly info: FilmInfo;
	/** How many frames a sampling has; null if unknown. */
	count(sampling: Sampling): number | null;
	/**
	 * The frames of a sampling in order of time; each is only valid until the next is requested. Decodes a few ahead.
	 * `onLost` is told before the next frame about times, in seconds, whose frames cannot be decoded.
	 * Throws AppError if the file cannot be read any further.
	 */
	frames(
		sampling: Sampling,
		signal: AbortSignal,
		onLost: (fromS: number, toS: number) => void
	): AsyncGenerator<FilmFrame, void, undefined>;
	/** The frame shown at a time, or null before the first one; only valid until another is requested. */
	at(timeS: number): Promise<FilmFrame | null>;
	/** When the frame begins that is `by` frames after the one shown at a time, or before it if `by` is negative. */
	step(timeS: number, by: number): number;
	/** Releases everything. */
	close(): void;
}

/** Longer side of analysed frames: no face needs more. */
export const ANALYSED_SIDE_PX = 1920;

/** Why WebCodecs cannot read a film that a video element may still play. */
export class NotDecodable extends Error {
	constructor(readonly reason: AppError) {
		super(reason.message);
	}
}
