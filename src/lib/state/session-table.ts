/**
 * All numbers of a live session: the same table as for a film, with clock time. What is older than some minutes is
 * handed to the browser, which may move it to disk, so that the page does not grow.
 */
import type { FrameResult } from '../core/types';
import { csvHeader, csvRows, type ColumnOptions } from './film/columns';
import { APPLICATION } from './film/application';
import type { ToldLabels } from './film/episodes';
import { jsonColumns, jsonFrames } from './film/export';
import { FilmTable, type FilmChunk } from './film/table';
import type { ShownModel } from './session.svelte';

/** Frames kept at hand: some five minutes. */
const AT_HAND = 8192;

interface Shelved {
	readonly models: readonly ShownModel[];
	readonly data: Blob;
	readonly frames: number;
	readonly rows: number;
}

export class SessionTable {
	#models: readonly ShownModel[] = [];
	#table = new FilmTable([]);
	readonly #shelved: Shelved[] = [];
	/** The frames' clock at second 0, and milliseconds since 1970 at that time. */
	#origin: { readonly timeMs: number; readonly epochMs: number } | null = null;
	#frames = 0;
	#lastS = -Infinity;
	readonly #atHand: number;

	/** `atHand`: number of frames that the page keeps itself. */
	constructor(atHand = AT_HAND) {
		this.#atHand = atHand;
	}

	/** Number of recorded frames. */
	get frameCount(): number {
		return this.#frames;
	}

	/** Records a result of these models. If labels of one of them count differently than before, all starts over. */
	record(result: FrameResult, models: readonly ShownModel[]): void {
		if (this.#known().some((known) => models.some((model) => countsOtherwise(model, known)))) this.clear();
		if (!isSame(this.#models, models)) {
			this.#shelve();
			this.#models = models;
			this.#table = new FilmTable(models);
		}
		this.#origin ??= { timeMs: result.timeMs, epochMs: Date.now() };
		const timeS = (result.timeMs - this.#origin.timeMs) / 1000;
		if (timeS <= this.#lastS) return;
		this.#lastS = timeS;
		if (this.#table.frameCount === this.#atHand) this.#shelve();
		this.#table.add(this.#frames++, timeS, result.faces, 1);
	}

	clear(): void {
		this.#shelved.length = 0;
		this.#table = new FilmTable(this.#models);
		this.#origin = null;
		this.#frames = 0;
		this.#lastS = -Infinity;
	}

	/** Everything; the columns are those of a film, without persons. */
	async toCsv(unsureBelow: (modelId: string) => number): Promise<Blob> {
		const options = this.#options(unsureBelow);
		const parts = [new Blob([csvHeader(options)])];
		for await (const table of this.#tables()) parts.push(new Blob([csvRows(table, 0, table.frameCount, options)]));
		return new Blob(parts, { type: 'text/csv' });
	}

	/** The same, with the models that read it. */
	async toJson(unsureBelow: (modelId: string) => number): Promise<Blob> {
		const options = this.#options(unsureBelow);
		const head = {
			schema: 2,
			application: APPLICATION,
			started: this.#origin === null ? null : new Date(this.#origin.epochMs).toISOString(),
			models: this.#known().map(({ id, title, labels, priorRatio }) => ({
				...{ id, title, labels, priorRatio },
				unsureBelow: unsureBelow(id)
			})),
			columns: jsonColumns(options.told)
		};
		const parts = [new Blob([`${JSON.stringify(head, null, '\t').slice(0, -2)},\n\t"frames": [`])];
		let isFirst = true;
		for await (const table of this.#tables()) {
			const text = jsonFrames(table, 0, table.frameCount, options, isFirst);
			isFirst &&= text === '';
			parts.push(new Blob([text]));
		}
		return new Blob([...parts, '\n\t]\n}\n'], { type: 'application/json' });
	}

	#options(unsureBelow: (modelId: string) => number): ColumnOptions {
		const told = this.#known().map(({ id, labels }): ToldLabels => ({ id, labels, unsureBelow: unsureBelow(id) }));
		return { told, epochMs: this.#origin?.epochMs ?? null, personOf: null, isExcluded: () => false };
	}

	/** All models that read any of it. */
	#known(): ShownModel[] {
		const all = [...this.#shelved.flatMap(({ models }) => models), ...this.#models];
		return all.filter(({ id }, index) => all.findIndex((other) => other.id === id) === index);
	}

	#shelve(): void {
		if (this.#table.frameCount === 0) return;
		const { timesS, values, frames, faceIds, counts } = this.#table.chunk(0);
		const data = new Blob([timesS, values, frames, faceIds, counts]);
		this.#shelved.push({ models: this.#models, data, frames: timesS.length, rows: faceIds.length });
		this.#table = new FilmTable(this.#models);
	}

	/** One after another: only one of them is in memory at a time. */
	async *#tables(): AsyncGenerator<FilmTable, void, undefined> {
		for (const shelved of [...this.#shelved]) {
			const table = new FilmTable(shelved.models);
			table.addChunk(toChunk(await shelved.data.arrayBuffer(), shelved));
			yield table;
		}
		yield this.#table;
	}
}

function toChunk(data: ArrayBuffer, { frames, rows }: Shelved): FilmChunk {
	const valuesAt = 8 * frames;
	// The rest is the numbers of the faces.
	const values = (data.byteLength - 8 * frames - 4 * frames - 4 * rows - 2 * frames) / 4;
	const framesAt = valuesAt + 4 * values;
	const idsAt = framesAt + 4 * frames;
	return {
		timesS: new Float64Array(data, 0, frames),
		values: new Float32Array(data, valuesAt, values),
		frames: new Int32Array(data, framesAt, frames),
		faceIds: new Uint32Array(data, idsAt, rows),
		counts: new Uint16Array(data, idsAt + 4 * rows, frames)
	};
}

function isSame(a: readonly ShownModel[], b: readonly ShownModel[]): boolean {
	return a.length === b.length && a.every(({ id }, index) => id === b[index]?.id);
}

function countsOtherwise(a: ShownModel, b: ShownModel): boolean {
	return a.id === b.id && JSON.stringify(a.priorRatio) !== JSON.stringify(b.priorRatio);
}
