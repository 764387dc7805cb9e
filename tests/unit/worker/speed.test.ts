import { describe, expect, it } from 'vitest';
import type { Classifier } from '../../../src/lib/core/types';
import { measureSpeed } from '../../../src/lib/worker/speed';
import { TaskControl } from '../../../src/lib/worker/task-control';

/** A machine whose runs take what `takesMs` says, one after another, and on which nothing else takes time. */
function createMachine(takesMs: (run: number) => number) {
	let nowMs = 500;
	const machine = { runs: 0, shown: [] as Float32Array[], onRun: (_: number): void => undefined };
	const classifier: Classifier = {
		id: 'mien',
		labels: ['happy', 'sad'],
		input: { size: 4, channels: 3, range: [-1, 1], crop: { scale: 1, shift: [0, 0], align: false } },
		classify(batch, count) {
			expect(count).toBe(1);
			machine.shown.push(batch);
			nowMs += takesMs(machine.runs++);
			machine.onRun(machine.runs);
			return Promise.resolve([[0.5, 0.5]]);
		}
	};
	const now = () => nowMs;
	const control = new TaskControl(now);
	const measure = () => measureSpeed(classifier, now, (task) => task(), control);
	return Object.assign(machine, { control, measure });
}

describe('measureSpeed', () => {
	it('reports the median and the best of sixty runs, after three warm-ups', async () => {
		// The warm-ups take 300 ms each; then 1 to 10 ms in turn.
		const machine = createMachine((run) => (run < 3 ? 300 : 1 + ((run * 7) % 10)));
		expect(await machine.measure()).toEqual({ model: 'mien', medianMs: 6, bestMs: 1, runs: 60 });
		expect(machine.runs).toBe(63);
	});

	it('makes do with five runs on a slow machine', async () => {
		const times = [9000, 900, 900, 800, 700, 1000, 600, 900];
		const machine = createMachine((run) => times[run] ?? NaN);
		expect(await machine.measure()).toEqual({ model: 'mien', medianMs: 800, bestMs: 600, runs: 5 });
	});

	it('shows the classifier one face of varied values in its input range', async () => {
		const machine = createMachine(() => 400);
		await machine.measure();
		for (const face of machine.shown) {
			expect(face).toHaveLength(4 * 4 * 3);
			expect(Math.min(...face)).toBe(-1);
			expect(Math.max(...face)).toBeLessThanOrEqual(1);
			expect(new Set(face).size).toBe(48);
		}
	});

	it('gives nothing if cancelled', async () => {
		const machine = createMachine(() => 1);
		machine.onRun = (runs) => {
			if (runs === 10) machine.control.cancel();
		};
		expect(await machine.measure()).toBeNull();
		expect(machine.runs).toBe(10);
	});
});
