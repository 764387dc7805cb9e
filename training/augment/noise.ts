import type { Random } from '../lib/random';

/** Approximately standard normal: the sum of four uniform numbers, scaled. */
export function gaussian(random: Random): number {
	return (random() + random() + random() + random() - 2) * Math.sqrt(3);
}
