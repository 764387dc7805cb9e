/** Films by WebCodecs: every frame with its index and time in the container. Loaded only when a film is read. */
import {
	ALL_FORMATS,
	BlobSource,
	EncodedPacketSink,
	Input,
	type InputVideoTrack,
	IsobmffInputFormat,
	MatroskaInputFormat,
	type VideoSample,
	VideoSampleSink
} from 'mediabunny';
import { AppError } from '../../errors';
import type { GrabbedFrame } from '../../protocol';
import { fitWithin, type Size } from '../scale';
import { takeVideoFrame } from '../video-frame';
import { createPixelReader } from '../video-pixels';
import { chooseFrames, frameAt, SAME_S } from './choose-frames';
import { ANALYSED_SIDE_PX, NotDecodable, type FilmFrame, type FilmInfo, type FilmReader, type Sampling } from './film';
import { useStandardColours } from './frame-colours';
import { pastDamage } from './past-damage';
import { readRecordedAt } from './recorded-at';
import { inStep } from './transport-stream';
import { showsFrame } from './vp8';

if (typeof VideoFrame !== 'undefined') useStandardColours(VideoFrame);

/** A film is cut short if the container says that more than this share, and this many seconds, should follow. */
const MISSING_SHARE = 0.02;
const MISSING_S = 1;
/** A key frame so long before the frame that precedes it in the file begins another recording. */
const RESTART_S = 0.5;

/** Throws AppError if it is not a film; NotDecodable if a video element may still play it. */
export async function openDecoded(file: Blob): Promise<FilmReader> {
	const input = new Input({ source: new BlobSource(await inStep(file)), formats: ALL_FORMATS });
	try {
		const track = await findTrack(input);
		return new DecodedFilm(input, track, await describe(file, input, track));
	} catch (error) {
		input.dispose();
		throw error;
	}
}

async function findTrack(input: Input): Promise<InputVideoTrack> {
	if (!(await input.canRead())) throw new NotDecodable(new AppError('film-unreadable', 'unknown container'));
	const tracks = await input.getTracks();
	if (tracks.length === 0) {
		const format = await input.getFormat();
		// Only these list their tracks in a separate part, which may be missing; in the others the kind of track is
		// unknown.
		if (format instanceof IsobmffInputFormat || format instanceof MatroskaInputFormat)
			throw new AppError('film-incomplete', 'no tracks');
		throw new NotDecodable(new AppError('film-codec', `no known track in ${format.name}`));
	}
	const track = await input.getPrimaryVideoTrack();
	if (track === null) throw new AppError('film-no-video', 'no video track');
	if (!(await track.canDecode())) {
		const codec = (await track.getCodecParameterString()) ?? String(await track.getInternalCodecId());
		throw new NotDecodable(new AppError('film-codec', `no decoder for ${codec}`));
	}
	// Mediabunny joins colours and transparency in workers from blob: addresses, which the security policy forbids.
	if (await track.canBeTransparent()) throw new NotDecodable(new AppError('film-codec', 'transparent'));
	return track;
}

interface Description {
	readonly info: FilmInfo;
	/** When each frame begins, in display order, in seconds. */
	readonly times: Float64Array;
	/** When those begin that can be decoded without others. */
	readonly keys: Float64Array;
}

async function describe(file: Blob, input: Input, track: InputVideoTrack): Promise<Description> {
	const packets = new EncodedPacketSink(track);
	const times: number[] = [];
	const keys: number[] = [];
	let endS = 0;
	const isVp8 = (await track.getCodec()) === 'vp8';
	for await (const packet of packets.packets(undefined, undefined, { metadataOnly: !isVp8 })) {
		const { type, timestamp, duration, data } = packet;
		if (isVp8 && !showsFrame(data)) continue;
		if (type === 'key') {
			// Only other frames may come after later ones.
			const beforeS = times.at(-1) ?? -Infinity;
			if (timestamp < beforeS - RESTART_S) throw new AppError('film-restarts', `${timestamp} s after ${beforeS} s`);
			keys.push(timestamp);
		}
		// Frames before 0 are decoded, but not shown.
		if (timestamp + duration <= 0 && timestamp < 0) continue;
		times.push(timestamp);
		endS = Math.max(endS, timestamp + duration);
	}
	if (times.length === 0) throw new NotDecodable(new AppError('film-incomplete', 'no frames'));
	const sorted = Float64Array.from(times).sort();
	const saidS = (await track.getDurationFromMetadata()) ?? endS;
	const last = await packets.getPacket(Infinity).catch(() => null);
	const size: Size = { width: await track.getDisplayWidth(), height: await track.getDisplayHeight() };
	const info: FilmInfo = {
		size,
		analysedSize: fitWithin(size, ANALYSED_SIDE_PX),
		startS: sorted[0] ?? 0,
		endS,
		frameCount: times.length,
		container: (await input.getFormat()).name,
		codec: await track.getCodecParameterString(),
		hdr: await track.hasHighDynamicRange(),
		recordedAtMs: await readRecordedAt(file).catch(() => null),
		method: 'webcodecs',
		cutShort: last === null || saidS - endS > Math.max(MISSING_S, MISSING_SHARE * saidS),
		videoTracks: (await input.getVideoTracks()).length
	};
	return { info, times: sorted, keys: Float64Array.from(keys).sort() };
}

type Context2D = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

class DecodedFilm implements FilmReader {
	readonly info: FilmInfo;
	readonly #input: Input;
	readonly #track: InputVideoTrack;
	readonly #times: Float64Array;
	readonly #keys: Float64Array;
	readonly #canvas = new OffscreenCanvas(1, 1);
	/** Holds a frame in its own size before it is drawn to a canvas. */
	readonly #whole = new OffscreenCanvas(1, 1);
	readonly #readPixels = createPixelReader();
	#drawn: Promise<void> = Promise.resolve();
	#shown: VideoSample | null = null;

	constructor(input: Input, track: InputVideoTrack, { info, times, keys }: Description) {
		this.#input = input;
		this.#track = track;
		this.info = info;
		this.#times = times;
		this.#keys = keys;
	}

	count(sampling: Sampling): number {
		return chooseFrames(this.#times, sampling).length;
	}

	async *frames(
		sampling: Sampling,
		signal: AbortSignal,
		onLost: (fromS: number, toS: number) => void
	): AsyncGenerator<FilmFrame, void, undefined> {
		const chosen = chooseFrames(this.#times, sampling);
		const timesS = Array.from(chosen, (index) => this.#times[index] ?? 0);
		let lastS = -Infinity;
		/** When frames began that were lost since the last one. */
		const lost: number[] = [];
		let damage: unknown = null;
		const onDamage = (error: unknown, fromS: number): void => {
			damage = error;
			lost.push(fromS);
		};
		try {
			for await (const sample of this.#samplesAt(timesS, onDamage)) {
				try {
					signal.throwIfAborted();
					lastS = sample.timestamp;
					const [fromS] = lost.splice(0);
					if (fromS !== undefined) onLost(fromS, lastS);
					yield this.#frame(sample);
				} finally {
					sample.close();
				}
			}
		} catch (thrown) {
			signal.throwIfAborted();
			throw filmError(thrown);
		}
		if (damage !== null && lastS === -Infinity && sampling.afterS === null) throw filmError(damage);
		const [fromS] = lost;
		if (fromS !== undefined && !this.info.cutShort) onLost(fromS, sampling.toS);
		else if (lastS < (timesS.at(-1) ?? -Infinity) - MISSING_S) {
			throw new AppError('film-cut-short', `ends at ${lastS} s, should reach ${timesS.at(-1) ?? 0} s`);
		}
	}

	async at(timeS: number): Promise<FilmFrame | null> {
		const index = frameAt(this.#times, timeS);
		if (index < 0) return null;
		this.#shown?.close();
		this.#shown = null;
		for await (const sample of this.#samplesAt([this.#times[index] ?? 0])) {
			this.#shown = sample;
			return this.#frame(sample);
		}
		return null;
	}

	step(timeS: number, by: number): number {
		const index = Math.max(0, Math.min(this.#times.length - 1, frameAt(this.#times, timeS) + by));
		return this.#times[index] ?? this.info.startS;
	}

	close(): void {
		this.#shown?.close();
		this.#shown = null;
		this.#input.dispose();
	}

	/** The frames that begin at `timesS`, ascending, without those that cannot be decoded; to be closed by the caller. */
	#samplesAt(
		timesS: readonly number[],
		onDamage: Parameters<typeof pastDamage>[3] = () => undefined
	): AsyncGenerator<VideoSample, void, undefined> {
		return pastDamage(timesS, this.#keys, (some) => this.#decode(some), onDamage);
	}

	/** Decodes the frames that begin at `timesS`; null for those that were lost. */
	async *#decode(timesS: readonly number[]): AsyncGenerator<VideoSample | null, void, undefined> {
		const sink = new VideoSampleSink(this.#track);
		let next = 0;
		for await (const sample of sink.samplesAtTimestamps(timesS)) {
			if (sample === null && !(await this.#hasKey(timesS[next] ?? 0))) break;
			next++;
			yield sample;
		}
		const fromS = timesS[next];
		if (fromS === undefined) return;
		// In a Matroska file without an index (an interrupted recording), Mediabunny does not find the key frame of a
		// frame whose cluster has none. All frames are decoded then, from the last key frame before.
		const key = Math.max(0, frameAt(this.#keys, fromS));
		for await (const sample of sink.samples(this.#keys[key])) {
			while ((timesS[next] ?? Infinity) < sample.timestamp - SAME_S) next++;
			if ((timesS[next] ?? Infinity) <= sample.timestamp + SAME_S) {
				next++;
				yield sample;
			} else sample.close();
			if (next === timesS.length) return;
		}
	}

	/** Whether Mediabunny finds the key frame of the frame at a time. */
	async #hasKey(timeS: number): Promise<boolean> {
		const packets = new EncodedPacketSink(this.#track);
		return (await packets.getKeyPacket(timeS, { verifyKeyPackets: true })) !== null;
	}

	#frame(sample: VideoSample): FilmFrame {
		return {
			frame: frameAt(this.#times, sample.timestamp),
			timeS: sample.timestamp,
			grab: () => this.#grab(sample),
			draw: (context) => this.#draw(sample, context)
		};
	}

	/** One at a time: draws share their buffers. */
	#draw(sample: VideoSample, context: Context2D): Promise<void> {
		const drawn = this.#drawn.then(() => this.#drawNow(sample, context));
		this.#drawn = drawn.catch(() => undefined);
		return drawn;
	}

	async #drawNow(sample: VideoSample, context: Context2D): Promise<void> {
		const { width, height } = context.canvas;
		const pixels = sample.rotation === 0 && !sample.flip ? await this.#pixels(sample) : null;
		const whole = this.#whole.getContext('2d');
		if (pixels === null || whole === null) {
			sample.draw(context, 0, 0, width, height);
			return;
		}
		if (this.#whole.width !== pixels.width || this.#whole.height !== pixels.height) {
			this.#whole.width = pixels.width;
			this.#whole.height = pixels.height;
		}
		whole.putImageData(pixels, 0, 0);
		context.drawImage(this.#whole, 0, 0, width, height);
	}

	async #pixels(sample: VideoSample): Promise<ImageData | null> {
		const frame = sample.toVideoFrame();
		try {
			return await this.#readPixels(frame);
		} finally {
			frame.close();
		}
	}

	/**
	 * The decoder's own frame if the analyser can read it directly, otherwise a drawn one (turned, too large, with
	 * alpha).
	 */
	async #grab(sample: VideoSample): Promise<GrabbedFrame> {
		const { width, height } = this.info.analysedSize;
		const isPlain =
			sample.rotation === 0 &&
			!sample.flip &&
			sample.hasAlpha !== true &&
			sample.displayWidth === width &&
			sample.displayHeight === height;
		const frame = isPlain ? await takeVideoFrame(() => sample.toVideoFrame()) : null;
		if (frame !== null) return frame;
		if (this.#canvas.width !== width || this.#canvas.height !== height) {
			this.#canvas.width = width;
			this.#canvas.height = height;
		}
		const context = this.#canvas.getContext('2d', { alpha: false });
		if (context === null) throw new AppError('film-damaged', 'no 2d context');
		context.imageSmoothingQuality = 'high';
		context.fillRect(0, 0, width, height);
		await this.#draw(sample, context);
		return this.#canvas.transferToImageBitmap();
	}
}

/** Reading a file that was moved or changed fails as if it were gone. */
function filmError(thrown: unknown): AppError {
	if (thrown instanceof AppError) return thrown;
	const message = thrown instanceof Error ? thrown.message : String(thrown);
	const isGone = thrown instanceof DOMException && ['NotReadableError', 'NotFoundError'].includes(thrown.name);
	return new AppError(isGone ? 'film-gone' : 'film-damaged', message, thrown);
}
