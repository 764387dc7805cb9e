/**
 * Writes a copy of a film with something drawn on its frames, keeping its sound. Loaded only when a film is written.
 */
import {
	ALL_FORMATS,
	BlobSource,
	Conversion,
	ConversionCanceledError,
	getEncodableVideoCodecs,
	Input,
	Mp4OutputFormat,
	Output,
	Quality,
	StreamTarget,
	type StreamTargetChunk,
	type VideoCodec,
	WebMOutputFormat
} from 'mediabunny';
import { AppError } from '../../errors';
import type { Size } from '../scale';
import { inStep } from './transport-stream';
import './vp8';

export interface FilmFormat {
	/** Such as "mp4-avc". */
	readonly id: string;
	readonly title: string;
	readonly extension: 'mp4' | 'webm';
	readonly codec: VideoCodec;
}

const FORMATS: readonly FilmFormat[] = [
	{ id: 'mp4-avc', title: 'MP4 (H.264)', extension: 'mp4', codec: 'avc' },
	{ id: 'webm-vp9', title: 'WebM (VP9)', extension: 'webm', codec: 'vp9' },
	{ id: 'webm-vp8', title: 'WebM (VP8)', extension: 'webm', codec: 'vp8' },
	{ id: 'webm-av1', title: 'WebM (AV1)', extension: 'webm', codec: 'av1' }
];

/** What this browser can write at this size, the most common first. */
export async function writableFormats({ width, height }: Size): Promise<FilmFormat[]> {
	if (typeof VideoEncoder === 'undefined') return [];
	const codecs = await getEncodableVideoCodecs(['avc', 'vp9', 'vp8', 'av1'], even({ width, height }));
	return FORMATS.filter(({ codec }) => codecs.includes(codec));
}

export interface WriteOptions {
	readonly format: FilmFormat;
	/** Display size of the film. */
	readonly size: Size;
	/** Draws on a frame, in pixels of the film; `timeS` in seconds of the container. */
	readonly draw: (context: CanvasRenderingContext2D, timeS: number) => void;
	/** 0..1. */
	readonly onProgress: (share: number) => void;
	readonly signal: AbortSignal;
}

export interface WrittenFilm {
	readonly data: Blob;
	/** Whether the original's sound was lost, for want of an encoder or decoder. */
	readonly lostSound: boolean;
}

/** Rejects with AppError 'film-not-written', or as `signal` aborts. */
export async function writeFilm(
	file: Blob,
	{ format, size, draw, onProgress, signal }: WriteOptions
): Promise<WrittenFilm> {
	const input = new Input({ source: new BlobSource(await inStep(file)), formats: ALL_FORMATS });
	const parts = new Parts();
	const output = new Output({
		format: format.extension === 'mp4' ? new Mp4OutputFormat({ fastStart: false }) : new WebMOutputFormat(),
		target: new StreamTarget(new WritableStream({ write: (chunk: StreamTargetChunk) => parts.write(chunk) }), {
			chunked: true,
			chunkSize: CHUNK_BYTES
		})
	});
	const canvas = document.createElement('canvas');
	({ width: canvas.width, height: canvas.height } = even(size));
	const context = canvas.getContext('2d', { alpha: false });
	try {
		if (context === null) throw new Error('no 2d context');
		const conversion = await Conversion.init({
			input,
			output,
			tracks: 'primary',
			// Keeps the container's times.
			trim: { start: 0 },
			video: {
				codec: format.codec,
				quality: new Quality('high'),
				forceTranscode: true,
				allowTransformationMetadata: false,
				processedWidth: canvas.width,
				processedHeight: canvas.height,
				process: (sample) => {
					sample.draw(context, 0, 0, canvas.width, canvas.height);
					draw(context, sample.timestamp);
					return canvas;
				}
			},
			showWarnings: false
		});
		if (!conversion.isValid) throw new Error(conversion.discardedTracks.map(({ reason }) => reason).join(', '));
		const lostSound = conversion.discardedTracks.some(({ track }) => track.type === 'audio');
		conversion.onProgress = onProgress;
		const cancel = (): void => void conversion.cancel();
		signal.addEventListener('abort', cancel, { once: true });
		signal.throwIfAborted();
		await conversion.execute();
		return { data: parts.toBlob(format.extension === 'mp4' ? 'video/mp4' : 'video/webm'), lostSound };
	} catch (thrown) {
		signal.throwIfAborted();
		if (thrown instanceof ConversionCanceledError) throw thrown;
		const message = thrown instanceof Error ? thrown.message : String(thrown);
		throw new AppError('film-not-written', message, thrown);
	} finally {
		input.dispose();
	}
}

const CHUNK_BYTES = 4 * 1024 * 1024;

/** H.264 only takes even sizes. */
function even({ width, height }: Size): Size {
	return { width: Math.max(2, width & ~1), height: Math.max(2, height & ~1) };
}

/** The output, as parts that the browser may move to disk. */
class Parts {
	#parts: { readonly from: number; readonly data: Blob }[] = [];
	#end = 0;

	/** Appends, or overwrites a piece: containers fill in their length at the start once it is known. */
	write({ data, position }: StreamTargetChunk): void {
		const to = position + data.length;
		if (position > this.#end) throw new RangeError(`${data.length} bytes at ${position} of ${this.#end}`);
		const kept = this.#parts.flatMap((part) => {
			const end = part.from + part.data.size;
			if (end <= position || part.from >= to) return [part];
			const before = { from: part.from, data: part.data.slice(0, Math.max(0, position - part.from)) };
			const after = { from: to, data: part.data.slice(Math.max(0, to - part.from)) };
			return [before, ...(end > to ? [after] : [])].filter(({ data: { size } }) => size > 0);
		});
		this.#parts = [...kept, { from: position, data: new Blob([data]) }].sort((a, b) => a.from - b.from);
		this.#end = Math.max(this.#end, to);
	}

	toBlob(type: string): Blob {
		return new Blob(
			this.#parts.map(({ data }) => data),
			{ type }
		);
	}
}
