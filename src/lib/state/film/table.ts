/**
 * What was read of a film: for each analysed frame its faces, and for each face its box, landmarks and what every model
 * said. Only numbers, in blocks of plain arrays: two hours at ten frames a second take some ten megabytes per face.
 */
import type { Box, FaceResult, FrameResult, Landmarks, Point, Reading } from '../../core/types';
import type { Range } from './episodes';

/** A model that read the film. */
export interface FilmModel {
	readonly id: string;
	readonly title: string;
	readonly labels: readonly string[];
}

export const LANDMARKS = ['rightEye', 'leftEye', 'nose', 'mouth', 'rightEar', 'leftEar'] as const;

/** A span of frames as it is stored and restored. `values`: `rowLength(models)` numbers per face. */
export interface FilmChunk {
	/** Number of each frame in the container; -1 if unknown. */
	readonly frames: Int32Array<ArrayBuffer>;
	readonly timesS: Float64Array<ArrayBuffer>;
	/** How many faces each frame has. */
	readonly counts: Uint16Array<ArrayBuffer>;
	readonly faceIds: Uint32Array<ArrayBuffer>;
	readonly values: Float32Array<ArrayBuffer>;
}

/** One face in one frame; coordinates in pixels of the film as it is shown. */
export interface FilmFace {
	readonly faceId: number;
	readonly confidence: number;
	readonly box: Box;
	readonly landmarks: Landmarks;
	/** By model id. */
	readonly readings: Readonly<Record<string, Reading>>;
}

const BOX_AT = 1;
const LANDMARKS_AT = 5;
const READINGS_AT = LANDMARKS_AT + 2 * LANDMARKS.length;
const BLOCK = 4096;

/** Numbers per face: confidence, box, landmarks; for each model the label's index, raw and smoothed probabilities. */
export function rowLength(models: readonly Pick<FilmModel, 'labels'>[]): number {
	return models.reduce((sum, { labels }) => sum + 1 + 2 * labels.length, READINGS_AT);
}

/** Grows by whole blocks, so that nothing is copied. */
class Column<T extends Float64Array | Float32Array | Int32Array | Uint32Array> {
	readonly #blocks: T[] = [];
	readonly #make: (length: number) => T;
	readonly #width: number;
	length = 0;

	constructor(make: (length: number) => T, width = 1) {
		this.#make = make;
		this.#width = width;
	}

	/** Adds a row, and returns the place to write it. */
	push(): { block: T; offset: number } {
		const index = this.length++;
		if (index % BLOCK === 0) this.#blocks.push(this.#make(BLOCK * this.#width));
		return this.place(index);
	}

	place(index: number): { block: T; offset: number } {
		const block = this.#blocks[Math.floor(index / BLOCK)];
		if (block === undefined) throw new RangeError(`row ${index} of ${this.length}`);
		return { block, offset: (index % BLOCK) * this.#width };
	}

	get(index: number, column = 0): number {
		return this.#blocks[Math.floor(index / BLOCK)]?.[(index % BLOCK) * this.#width + column] ?? NaN;
	}
}

export class FilmTable {
	readonly models: readonly FilmModel[];
	readonly #width: number;
	/** By model id: where its numbers begin. */
	readonly #modelAt: ReadonlyMap<string, number>;
	readonly #frames = new Column((length) => new Int32Array(length));
	readonly #timesS = new Column((length) => new Float64Array(length));
	readonly #firstRow = new Column((length) => new Uint32Array(length));
	readonly #faceIds = new Column((length) => new Uint32Array(length));
	readonly #values: Column<Float32Array>;
	/** Frames of each face: first and last index. */
	readonly #spans = new Map<number, { first: number; last: number; rows: number }>();
	/** By the index of the frame before; -1 before the first. */
	readonly #gaps = new Map<number, Range>();

	constructor(models: readonly FilmModel[]) {
		this.models = models;
		this.#width = rowLength(models);
		this.#values = new Column((length) => new Float32Array(length), this.#width);
		let at = READINGS_AT;
		this.#modelAt = new Map(
			models.map(({ id, labels }) => {
				const place = [id, at] as const;
				at += 1 + 2 * labels.length;
				return place;
			})
		);
	}

	/** Number of analysed frames. */
	get frameCount(): number {
		return this.#timesS.length;
	}

	/** Number of faces in all of them. */
	get rowCount(): number {
		return this.#faceIds.length;
	}

	/** Ids of the faces, in order of their first frames. */
	get faceIds(): number[] {
		return [...this.#spans.keys()];
	}

	/** Times whose frames cannot be decoded, ascending: nobody knows what they show. */
	get gaps(): Range[] {
		return [...this.#gaps.values()];
	}

	/** Time of the last analysed frame, in seconds; null before there is one. */
	get lastS(): number | null {
		return this.frameCount === 0 ? null : this.timeAt(this.frameCount - 1);
	}

	/**
	 * Appends a frame. `scale`: pixels of the film for each pixel of the analysed frame. Throws a RangeError if it is
	 * not later than the one before.
	 */
	add(frame: number | null, timeS: number, faces: readonly FaceResult[], scale: number): void {
		this.#addFrame(frame ?? -1, timeS);
		for (const face of faces) {
			const { block, offset } = this.#addRow(face.id);
			this.#write(block, offset, face, scale);
		}
	}

	/** Adds a gap, in place of another between the same two frames. */
	lose(fromS: number, toS: number): void {
		this.#gaps.set(this.indexAt(fromS), { fromS, toS });
	}

	/** The gap between a frame and the next one; null if there is none. */
	gapAfter(index: number): Range | null {
		return this.#gaps.get(index) ?? null;
	}

	timeAt(index: number): number {
		return this.#timesS.get(index);
	}

	/** Number in the container, or null. */
	frameAt(index: number): number | null {
		const frame = this.#frames.get(index);
		return frame < 0 ? null : frame;
	}

	/** Rows of a frame: `from` up to but not including `to`. */
	rowsOf(index: number): [from: number, to: number] {
		const to = index + 1 < this.frameCount ? this.#firstRow.get(index + 1) : this.rowCount;
		return [this.#firstRow.get(index), to];
	}

	faceIdAt(row: number): number {
		return this.#faceIds.get(row);
	}

	/** First and last analysed frame of a face, and in how many it was found; null for an id that never was. */
	spanOf(faceId: number): { first: number; last: number; rows: number } | null {
		return this.#spans.get(faceId) ?? null;
	}

	confidenceAt(row: number): number {
		return this.#values.get(row, 0);
	}

	boxAt(row: number): Box {
		const at = (column: number): number => this.#values.get(row, BOX_AT + column);
		return { x: at(0), y: at(1), width: at(2), height: at(3) };
	}

	/** Index of the label that a model gives, held by hysteresis. */
	topAt(row: number, modelId: string): number {
		return this.#values.get(row, this.#placeOf(modelId));
	}

	/** A smoothed probability. */
	smoothedAt(row: number, modelId: string, label: number): number {
		const labels = this.#labelsOf(modelId);
		return this.#values.get(row, this.#placeOf(modelId) + 1 + labels + label);
	}

	faceAt(row: number): FilmFace {
		const value = (column: number): number => this.#values.get(row, column);
		const points = LANDMARKS.map((name, index): [string, Point] => [
			name,
			{ x: value(LANDMARKS_AT + 2 * index), y: value(LANDMARKS_AT + 2 * index + 1) }
		]);
		return {
			faceId: this.faceIdAt(row),
			confidence: value(0),
			box: this.boxAt(row),
			landmarks: Object.fromEntries(points) as unknown as Landmarks,
			readings: Object.fromEntries(this.models.map(({ id }) => [id, this.readingAt(row, id)]))
		};
	}

	readingAt(row: number, modelId: string): Reading {
		const at = this.#placeOf(modelId);
		const labels = this.#labelsOf(modelId);
		const span = (from: number): number[] => Array.from({ length: labels }, (_, i) => this.#values.get(row, from + i));
		return { top: this.#values.get(row, at), scores: span(at + 1), smoothed: span(at + 1 + labels) };
	}

	/** Index of the last analysed frame that begins at this time or before; -1 before the first. */
	indexAt(timeS: number): number {
		let [low, high] = [0, this.frameCount];
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.timeAt(middle) <= timeS + 1e-6) low = middle + 1;
			else high = middle;
		}
		return low - 1;
	}

	/** The frames from `fromFrame` on, to be stored. */
	chunk(fromFrame: number): FilmChunk {
		const count = this.frameCount - fromFrame;
		const firstRow = count > 0 ? this.#firstRow.get(fromFrame) : this.rowCount;
		const rows = this.rowCount - firstRow;
		const values = new Float32Array(rows * this.#width);
		for (let row = 0; row < rows; row++) {
			const { block, offset } = this.#values.place(firstRow + row);
			values.set(block.subarray(offset, offset + this.#width), row * this.#width);
		}
		return {
			frames: Int32Array.from({ length: count }, (_, index) => this.#frames.get(fromFrame + index)),
			timesS: Float64Array.from({ length: count }, (_, index) => this.timeAt(fromFrame + index)),
			counts: Uint16Array.from({ length: count }, (_, index) => {
				const [from, to] = this.rowsOf(fromFrame + index);
				return to - from;
			}),
			faceIds: Uint32Array.from({ length: rows }, (_, row) => this.faceIdAt(firstRow + row)),
			values
		};
	}

	/** Appends what `chunk` returned. Throws a RangeError if it does not fit these models or the table's end. */
	addChunk({ frames, timesS, counts, faceIds, values }: FilmChunk): void {
		const rows = counts.reduce((sum, count) => sum + count, 0);
		const fits = frames.length === timesS.length && counts.length === timesS.length && faceIds.length === rows;
		if (!fits || values.length !== rows * this.#width) throw new RangeError('a chunk of another film');
		let row = 0;
		for (const [index, timeS] of timesS.entries()) {
			this.#addFrame(frames[index] ?? -1, timeS);
			for (let face = 0; face < (counts[index] ?? 0); face++, row++) {
				const { block, offset } = this.#addRow(faceIds[row] ?? 0);
				block.set(values.subarray(row * this.#width, (row + 1) * this.#width), offset);
			}
		}
	}

	#addFrame(frame: number, timeS: number): void {
		if (this.lastS !== null && timeS <= this.lastS) throw new RangeError(`${timeS} s after ${this.lastS} s`);
		const at = this.#frames.push();
		at.block[at.offset] = frame;
		const time = this.#timesS.push();
		time.block[time.offset] = timeS;
		const first = this.#firstRow.push();
		first.block[first.offset] = this.rowCount;
	}

	#addRow(faceId: number): { block: Float32Array; offset: number } {
		const index = this.frameCount - 1;
		const span = this.#spans.get(faceId);
		if (span === undefined) this.#spans.set(faceId, { first: index, last: index, rows: 1 });
		else {
			span.last = index;
			span.rows++;
		}
		const id = this.#faceIds.push();
		id.block[id.offset] = faceId;
		return this.#values.push();
	}

	#write(
		block: Float32Array,
		offset: number,
		{ confidence, box, landmarks, readings }: FaceResult,
		scale: number
	): void {
		const px = [
			box.x,
			box.y,
			box.width,
			box.height,
			...LANDMARKS.flatMap((name) => [landmarks[name].x, landmarks[name].y])
		];
		block[offset] = confidence;
		block.set(
			px.map((value) => value * scale),
			offset + BOX_AT
		);
		for (const { id, labels } of this.models) {
			const reading = readings[id];
			const at = offset + this.#placeOf(id);
			block[at] = reading?.top ?? NaN;
			const numbers = [reading?.scores, reading?.smoothed].flatMap((scores) =>
				labels.map((_, i) => scores?.[i] ?? NaN)
			);
			block.set(numbers, at + 1);
		}
	}

	#placeOf(modelId: string): number {
		const at = this.#modelAt.get(modelId);
		if (at === undefined) throw new RangeError(`"${modelId}" did not read this film`);
		return at;
	}

	#labelsOf(modelId: string): number {
		return this.models.find(({ id }) => id === modelId)?.labels.length ?? 0;
	}
}

/**
 * A frame as the overlay and the cards of the page take it. `numberOf`: the number shown at a face; null hides the
 * face. Of faces with the same number, the largest is shown.
 */
export function frameResult(
	table: FilmTable,
	index: number,
	size: { readonly width: number; readonly height: number },
	numberOf: (faceId: number) => number | null
): FrameResult {
	const [from, to] = table.rowsOf(index);
	const faces = Array.from({ length: to - from }, (_, offset) => table.faceAt(from + offset)).flatMap(
		({ faceId, readings, ...face }) => {
			const id = numberOf(faceId);
			const { box } = face;
			const centre = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
			const square = { centre, side: Math.max(box.width, box.height), angle: 0 };
			return id === null ? [] : [{ ...face, id, square, input: new Uint8Array(0), readings }];
		}
	);
	const largest = faces.filter(
		({ id, box }) => !faces.some((other) => other.id === id && areaOf(other.box) > areaOf(box))
	);
	const shown = largest.filter(({ id }, at) => largest.findIndex((other) => other.id === id) === at);
	const times = { read: 0, detect: 0, crop: 0, classify: {}, total: 0 };
	return { ...size, timeMs: table.timeAt(index) * 1000, faces: shown, times };
}

function areaOf({ width, height }: Box): number {
	return width * height;
}
