import { describe, expect, it } from 'vitest';
import { Timeline, WINDOW_MS } from '../../../src/lib/state/timeline.svelte';
import { KEEP_MS, MOST_SAMPLES, SAMPLE_EVERY_MS, TimelineStore } from '../../../src/lib/state/timeline-store';
import { face, frame, MODEL } from './results';

/** Records `ids` every `stepMs`; "happy" rises with time. */
function record(into: TimelineStore | Timeline, toMs: number, stepMs: number, ids = [1]): void {
	for (let timeMs = 0; timeMs <= toMs; timeMs += stepMs) {
		const happy = timeMs / toMs;
		const faces = ids.map((id) => face(id, [happy, 1 - happy]));
		if (into instanceof Timeline) into.record(frame(faces, timeMs), MODEL);
		else into.record(frame(faces, timeMs), MODEL.id);
	}
}

describe('TimelineStore', () => {
	it('keeps ten samples a second of each face, whatever the frame rate', () => {
		const store = new TimelineStore();
		record(store, 10_000, 20, [1, 2]);
		expect(store.samples.length).toBe(2 * (10_000 / SAMPLE_EVERY_MS + 1));
		expect(store.faceIds(0, 10_000)).toEqual([1, 2]);
	});

	it('keeps ten minutes, and never exceeds its bound, however many faces pass by', () => {
		const store = new TimelineStore();
		// Old samples are dropped now and then, half a thousand at once.
		record(store, KEEP_MS + 2_000_000, 1000);
		expect((store.span?.toMs ?? 0) - (store.span?.fromMs ?? 0)).toBeLessThanOrEqual(KEEP_MS + 501_000);
		const crowd = new TimelineStore();
		record(
			crowd,
			400_000,
			100,
			Array.from({ length: 12 }, (_, index) => index)
		);
		expect(crowd.samples.length).toBeLessThanOrEqual(MOST_SAMPLES);
		expect(crowd.span?.toMs).toBe(400_000);
	});

	it('finds the sample at a moment, and none if the face was not there', () => {
		const store = new TimelineStore();
		record(store, 10_000, 100);
		expect(store.at(1, 4970)?.timeMs).toBe(5000);
		expect(store.at(1, 20_000)).toBeNull();
		expect(store.at(9, 5000)).toBeNull();
	});

	it('thins out a series, keeping its end', () => {
		const store = new TimelineStore();
		record(store, 10_000, 100);
		const series = store.series(1, 2000, 9000, 20);
		expect(series.length).toBeLessThanOrEqual(21);
		expect(series[0]?.timeMs).toBe(2000);
		expect(series.at(-1)?.timeMs).toBe(9000);
	});
});

describe('Timeline', () => {
	it('follows the present until a moment is chosen, which then stays', () => {
		const timeline = new Timeline();
		record(timeline, 90_000, 500);
		expect(timeline.paused).toBe(false);
		expect(timeline.window).toEqual({ fromMs: 90_000 - WINDOW_MS, toMs: 90_000 });
		timeline.lookAt(20_000);
		expect(timeline.paused).toBe(true);
		expect(timeline.sample?.timeMs).toBe(20_000);
		expect(timeline.window.fromMs).toBeLessThanOrEqual(20_000);
		timeline.record(frame([face(1, [1, 0])], 90_600), MODEL);
		expect(timeline.cursorMs).toBe(20_000);
		timeline.lookAt(null);
		expect(timeline.span?.toMs).toBe(90_600);
		expect(timeline.cursorMs).toBe(90_600);
	});

	it('starts over with another model, whose labels may differ', () => {
		const timeline = new Timeline();
		record(timeline, 5000, 500);
		timeline.record(frame([face(1, [1, 0])], 6000), { ...MODEL, id: 'other' });
		expect(timeline.span).toBeNull();
		// What can be saved has both.
		expect(timeline.table.frameCount).toBe(12);
	});

	it('starts over if labels count differently', () => {
		const timeline = new Timeline();
		record(timeline, 5000, 500);
		timeline.record(frame([face(1, [1, 0])], 6000), { ...MODEL, priorRatio: null });
		expect(timeline.span).toEqual({ fromMs: 6000, toMs: 6000 });
		expect(timeline.table.frameCount).toBe(1);
	});
});
