/** `npm run bench -- training`: the trainer's speed for each model on each back end that works here, in one table. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import process from 'node:process';
import { sharesWork, workingBackends, type TrainingBackend } from '../../training/backend/index';
import { findGpu, stopWebGpu } from '../../training/backend/webgpu/webgpu';
import { saveResult } from '../../training/commands/results';
import { measureSpeed } from '../../training/studies/speed';
import { MODELS } from '../../training/models/index';

/** Of each measurement. */
const SECONDS = 5;
const wanted = process.argv.slice(2);
// The slowest first, as oneDNN replaces WASM's kernels in this process.
const backends = (await workingBackends(wanted.includes('webgpu'))).toReversed();
const chosen = wanted.length > 0 ? backends.filter((backend) => wanted.includes(backend)) : backends;
const gpu = await findGpu().catch(() => undefined);

/** Replicas that use this machine's processors well. */
const replicasOf = (backend: TrainingBackend): number => (sharesWork(backend) ? availableParallelism() : 1);

/** Slow back ends get small batches, so that a step of the largest network ends in reasonable time. */
function batchOf(backend: TrainingBackend): number {
	if (backend === 'cpu' || (backend === 'webgpu' && gpu?.isSoftware !== false)) return 2;
	if (backend.startsWith('onednn')) return 128;
	const replicas = replicasOf(backend);
	return replicas * Math.max(1, Math.round(64 / replicas));
}

const device = gpu && chosen.includes('webgpu') ? `; GPU: ${gpu.name}` : '';
const processor = `${cpus()[0]?.model.trim() ?? 'processor'}, ${availableParallelism()} threads${device}`;
const load = loadavg()[0] ?? NaN;
console.log(processor);
console.log(`Load before the start: ${load.toFixed(1)}; other work on this machine lowers all figures.\n`);
console.log(
	['model', 'back end', 'replicas', 'batch', 'images/s', 'GFLOP/s'].map((title) => title.padStart(13)).join('')
);
const speeds = [];
for (const definition of MODELS) {
	for (const backend of chosen) {
		const batchSize = batchOf(backend);
		const replicas = Math.min(replicasOf(backend), batchSize);
		const settings = { batchSize, replicas, seconds: SECONDS };
		const speed = await measureSpeed(definition, backend, settings, () => performance.now());
		speeds.push({ model: definition.id, backend, ...speed });
		const cells = [
			definition.id,
			backend,
			String(replicas),
			String(batchSize),
			speed.imagesPerSecond.toFixed(speed.imagesPerSecond < 10 ? 2 : 0),
			speed.gigaflopsPerSecond.toFixed(1)
		];
		console.log(cells.map((cell) => cell.padStart(13)).join(''));
	}
}
stopWebGpu();
// With only some of the back ends the table would be incomplete.
if (wanted.length === 0) saveResult('training-speed', ['bench', 'training'], undefined, { processor, load, speeds });
