/** What is shown of the session's numbers: the last minute as it goes on, or an earlier moment. */
import type { FrameResult } from '../core/types';
import type { ShownModel } from './session.svelte';
import { SessionTable } from './session-table';
import { TimelineStore, type Sample } from './timeline-store';

/** The chart shows this much. */
export const WINDOW_MS = 60_000;
/** How often it is redrawn. */
const DRAW_EVERY_MS = 250;
/** Most points of a line: more than a chart has pixels to tell apart. */
const MOST_POINTS = 240;

export class Timeline {
	readonly #store = new TimelineStore();
	/** What can be saved: the whole session, while the chart has its last minutes. */
	readonly table = new SessionTable();
	/** Counts redraws; read by everything drawn. The store itself is not state, as each frame would then redraw. */
	#drawing = $state.raw(0);
	#drawnMs = -Infinity;
	/** Where the visitor looks, if it is not the present. */
	#cursorMs: number | null = $state.raw(null);
	#chosenId: number | null = $state.raw(null);
	/** Which model, and how its labels count. */
	#reading: string | null = null;

	readonly span = $derived.by(() => {
		return this.#drawing < 0 ? null : this.#store.span;
	});
	readonly paused: boolean = $derived(this.#cursorMs !== null);
	readonly cursorMs: number = $derived(this.#cursorMs ?? this.span?.toMs ?? 0);
	/** The part of the time that the chart shows: up to now, or around the cursor. */
	readonly window = $derived.by(() => {
		const { fromMs, toMs } = this.span ?? { fromMs: 0, toMs: 0 };
		const end =
			this.#cursorMs === null ? toMs : Math.min(toMs, Math.max(this.#cursorMs + WINDOW_MS / 2, fromMs + WINDOW_MS));
		return { fromMs: end - WINDOW_MS, toMs: end };
	});
	readonly faceIds: readonly number[] = $derived.by(() => {
		return this.#drawing < 0 ? [] : this.#store.faceIds(this.window.fromMs, this.window.toMs);
	});
	readonly faceId: number | null = $derived(
		this.#chosenId !== null && this.faceIds.includes(this.#chosenId) ? this.#chosenId : (this.faceIds.at(-1) ?? null)
	);
	readonly series: readonly Sample[] = $derived.by(() => {
		return this.faceId === null || this.#drawing < 0
			? []
			: this.#store.series(this.faceId, this.window.fromMs, this.window.toMs, MOST_POINTS);
	});
	/** What was true at the cursor. */
	readonly sample: Sample | null = $derived.by(() => {
		return this.faceId === null || this.#drawing < 0 ? null : this.#store.at(this.faceId, this.cursorMs);
	});

	/**
	 * Records a result of a live source. Numbers of another model, or of labels that count differently, would not fit
	 * the earlier ones, so the chart starts over.
	 */
	record(result: FrameResult, model: ShownModel, models: readonly ShownModel[] = [model]): void {
		const { id, priorRatio } = model;
		this.table.record(result, models);
		const reading = `${id} ${String(priorRatio)}`;
		if (reading !== this.#reading) this.#clearChart();
		this.#reading = reading;
		if (!this.#store.record(result, id)) return;
		// While it is paused, nothing moves under the visitor's hand.
		if (this.paused || result.timeMs - this.#drawnMs < DRAW_EVERY_MS) return;
		this.#drawnMs = result.timeMs;
		this.#drawing++;
	}

	clear(): void {
		this.table.clear();
		this.#clearChart();
	}

	/** Goes to a moment, and stays there; null returns to the present. */
	lookAt(timeMs: number | null): void {
		this.#cursorMs = timeMs;
		if (timeMs === null) this.#drawing++;
	}

	/** Shows this face; null: the newest. One that is not in the window changes nothing. */
	chooseFace(faceId: number | null): void {
		if (faceId === null || this.faceIds.includes(faceId)) this.#chosenId = faceId;
	}

	#clearChart(): void {
		this.#store.clear();
		this.#cursorMs = null;
		this.#drawnMs = -Infinity;
		this.#drawing++;
	}
}
