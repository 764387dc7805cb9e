/** The numbers of a live session: probabilities by face id over the last minutes. Bounded, and without pictures. */
import type { FrameResult, Scores } from '../core/types';

export interface Sample {
	/** On the clock of the frames. */
	readonly timeMs: number;
	readonly faceId: number;
	/** Smoothed, in order of the model's labels. */
	readonly scores: Scores;
	readonly top: number;
}

/** Samples of a face are at least this far apart: a chart could not show more. */
export const SAMPLE_EVERY_MS = 100;
export const KEEP_MS = 10 * 60_000;
/** Limit however many faces come by: some five megabytes. */
export const MOST_SAMPLES = 40_000;
/** A face was there at a time if it has a sample this near. */
const NEAR_MS = 400;

export class TimelineStore {
	#samples: Sample[] = [];
	readonly #lastMs = new Map<number, number>();

	get samples(): readonly Sample[] {
		return this.#samples;
	}

	/** The time span of what is kept, or null if there is nothing. */
	get span(): { fromMs: number; toMs: number } | null {
		const [first, last] = [this.#samples[0], this.#samples.at(-1)];
		return first === undefined || last === undefined ? null : { fromMs: first.timeMs, toMs: last.timeMs };
	}

	/** Records what `modelId` says about the faces. True if something was added. */
	record({ timeMs, faces }: FrameResult, modelId: string): boolean {
		let added = false;
		for (const { id, readings } of faces) {
			const reading = readings[modelId];
			if (reading === undefined || timeMs - (this.#lastMs.get(id) ?? -Infinity) < SAMPLE_EVERY_MS) continue;
			this.#lastMs.set(id, timeMs);
			this.#samples.push({ timeMs, faceId: id, scores: reading.smoothed, top: reading.top });
			added = true;
		}
		if (added) this.#forget(timeMs);
		return added;
	}

	clear(): void {
		this.#samples = [];
		this.#lastMs.clear();
	}

	/** Ids of the faces seen between two times, in ascending order. */
	faceIds(fromMs: number, toMs: number): number[] {
		const ids = new Set(this.#between(fromMs, toMs).map(({ faceId }) => faceId));
		return [...ids].sort((a, b) => a - b);
	}

	/** Samples of a face between two times: at most `most` of them, evenly picked, and the last one. */
	series(faceId: number, fromMs: number, toMs: number, most: number): Sample[] {
		const all = this.#between(fromMs, toMs).filter((sample) => sample.faceId === faceId);
		const step = Math.max(1, Math.ceil(all.length / most));
		return all.filter((_, index) => index % step === 0 || index === all.length - 1);
	}

	/** The sample of a face nearest to a time; null if the face was not there. */
	at(faceId: number, timeMs: number): Sample | null {
		let best: Sample | null = null;
		for (const sample of this.#between(timeMs - NEAR_MS, timeMs + NEAR_MS)) {
			if (sample.faceId !== faceId) continue;
			if (best === null || Math.abs(sample.timeMs - timeMs) < Math.abs(best.timeMs - timeMs)) best = sample;
		}
		return best;
	}

	#between(fromMs: number, toMs: number): Sample[] {
		return this.#samples.slice(this.#firstAt(fromMs), this.#firstAt(toMs + 1e-6));
	}

	/** Index of the first sample not before a time; samples are in order of time. */
	#firstAt(timeMs: number): number {
		let [low, high] = [0, this.#samples.length];
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((this.#samples[middle]?.timeMs ?? Infinity) < timeMs) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	#forget(nowMs: number): void {
		const tooOld = this.#firstAt(nowMs - KEEP_MS);
		const tooMany = this.#samples.length - MOST_SAMPLES;
		const gone = Math.max(tooOld, tooMany);
		// Rarely, and a lot at once: cutting off the front copies the rest.
		if (gone > 0 && (tooMany > 0 || gone > 500)) this.#samples = this.#samples.slice(Math.max(gone, tooMany + 1000));
		for (const [id, lastMs] of this.#lastMs) if (nowMs - lastMs > KEEP_MS) this.#lastMs.delete(id);
	}
}
