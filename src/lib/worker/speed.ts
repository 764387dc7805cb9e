/** Measures the time for one face on its own: no camera, no detector, a batch of one. */
import type { Classifier } from '../core/types';
import type { Speed } from '../protocol/tasks';
import type { TaskControl } from './task-control';

const WARM_UPS = 3;
const MOST_RUNS = 60;
const FEWEST_RUNS = 5;
const ENOUGH_MS = 1500;

/** Median and best of several dozen runs; null if cancelled. `now`: milliseconds of a monotonic clock. */
export async function measureSpeed(
	classifier: Classifier,
	now: () => number,
	exclusively: <T>(task: () => Promise<T>) => Promise<T>,
	control: TaskControl
): Promise<Speed | null> {
	const { size, channels, range } = classifier.input;
	const [low, high] = range;
	// Varied values: those that vanish in the first layer could be faster than a real face.
	const batch = Float32Array.from(
		{ length: size * size * channels },
		(_, index) => low + ((high - low) * ((index * 37) % 256)) / 255
	);
	const times: number[] = [];
	const beganMs = now();
	for (let run = -WARM_UPS; run < MOST_RUNS; run++) {
		if (times.length >= FEWEST_RUNS && now() - beganMs > ENOUGH_MS) break;
		const ms = await exclusively(async () => {
			const startMs = now();
			await classifier.classify(batch, 1);
			return now() - startMs;
		});
		if (run >= 0) times.push(ms);
		if (!(await control.step())) return null;
	}
	times.sort((a, b) => a - b);
	const medianMs = times[Math.floor(times.length / 2)] ?? 0;
	return { model: classifier.id, medianMs, bestMs: times[0] ?? 0, runs: times.length };
}
