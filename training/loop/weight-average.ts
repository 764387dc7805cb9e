/** The average of runs that started from the same weights: flatter, and often better, than each (Wortsman et al., 2022). */
import type { Checkpoint } from './checkpoint';
import { UserError } from '../lib/errors';
import type { State } from './state';

/** The average of all runs' averaged weights; what else there is of the first one. Throws UserError for networks that differ. */
export function averageOf(runs: readonly [Checkpoint, ...Checkpoint[]]): Checkpoint {
	const [first] = runs;
	const state: State = new Map();
	for (const [name, { shape, values }] of first.state) {
		if (!name.startsWith('average/')) continue;
		const averaged = new Float32Array(values.length);
		for (const run of runs) {
			const other = run.state.get(name);
			if (other?.shape.join() !== shape.join())
				throw new UserError(`An average takes runs of the same network; these differ in ${name}.`);
			for (const [index, value] of other.values.entries())
				averaged[index] = (averaged[index] ?? 0) + value / runs.length;
		}
		state.set(name, { shape, values: averaged });
	}
	const backends = [...new Set(runs.flatMap(({ backend }) => backend ?? []))];
	return { ...first, ...(backends.length > 0 && { backend: backends.join('; ') }), state };
}
