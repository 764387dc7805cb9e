/** The mean of runs that started from the same weights: flatter, and often better, than each (Wortsman et al., 2022). */
import type { Checkpoint } from './checkpoint';
import { UserError } from '../lib/errors';
import type { State } from './state';

/** The averaged weights of all, in the mean; what else there is of the first one. Throws UserError for networks that differ. */
export function meanOf(runs: readonly [Checkpoint, ...Checkpoint[]]): Checkpoint {
	const [first] = runs;
	const state: State = new Map();
	for (const [name, { shape, values }] of first.state) {
		if (!name.startsWith('average/')) continue;
		const mean = new Float32Array(values.length);
		for (const run of runs) {
			const other = run.state.get(name);
			if (other?.shape.join() !== shape.join())
				throw new UserError(`A mean takes runs of the same network; these differ in ${name}.`);
			for (const [index, value] of other.values.entries()) mean[index] = (mean[index] ?? 0) + value / runs.length;
		}
		state.set(name, { shape, values: mean });
	}
	const backends = [...new Set(runs.flatMap(({ backend }) => backend ?? []))];
	return { ...first, ...(backends.length > 0 && { backend: backends.join('; ') }), state };
}
