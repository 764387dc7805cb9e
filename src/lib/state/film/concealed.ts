import type { Box } from '../../core/types';
import type { FilmTable } from './table';

/** A face may be missed for a moment, and moves between analysed frames. */
const BEFORE_S = 1.5;
const AFTER_S = 0.5;
/** Further than this from any analysed frame, nobody knows who is there. */
const UNKNOWN_S = 1.5;

/**
 * Where faces may be at a time of a film: all that were found in the last second and a half and the next half second,
 * including those of hidden persons. Null if the film was not read around that time.
 */
export function facesAbout(table: FilmTable, timeS: number): Box[] | null {
	const at = table.indexAt(timeS);
	const distances = [at, at + 1].map((index) => Math.abs(table.timeAt(index) - timeS));
	if (!distances.some((distance) => distance <= UNKNOWN_S)) return null;
	const boxes: Box[] = [];
	const add = (index: number): void => {
		const [from, to] = table.rowsOf(index);
		for (let row = from; row < to; row++) boxes.push(table.boxAt(row));
	};
	for (let index = at; index >= 0 && timeS - table.timeAt(index) <= BEFORE_S; index--) add(index);
	for (let index = at + 1; index < table.frameCount && table.timeAt(index) - timeS <= AFTER_S; index++) add(index);
	// If frames are further apart than that: at least the one before and the one after.
	if (boxes.length === 0) for (const index of [at, at + 1]) if (index >= 0 && index < table.frameCount) add(index);
	return boxes;
}
