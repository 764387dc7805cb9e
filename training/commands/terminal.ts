/** How commands print. */
import cliProgress from 'cli-progress';
import { wilsonInterval } from '../../src/lib/core/interval';

/** Prints a line. */
export const say = (line: string): void => {
	process.stdout.write(`${line}\n`);
};

/** Prints a line beside the output. */
export const warn = (line: string): void => {
	process.stderr.write(`${line}\n`);
};

/** A bar on a terminal; elsewhere nothing, as lines are enough. */
export function createBar(format: string): cliProgress.SingleBar {
	return new cliProgress.SingleBar({ format, hideCursor: true, noTTYOutput: false, clearOnComplete: true });
}

/** Does `work` beside such a bar; `update` says how much of `total` is done, and what else the format shows. */
export async function withBar<T>(
	format: string,
	total: number,
	work: (update: (done: number, shown?: object) => void) => Promise<T>,
	shown: object = {}
): Promise<T> {
	const bar = createBar(format);
	bar.start(total, 0, shown);
	try {
		return await work((done, newlyShown = {}) => {
			bar.update(done, newlyShown);
		});
	} finally {
		bar.stop();
	}
}

/** A fraction of 0..1 in percent. */
export const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;

/** The same for `n` pictures, with the 95 % interval. */
export function percentWithInterval(fraction: number, n: number): string {
	const { low, high } = wilsonInterval(fraction, n);
	return `${percent(fraction)} (95 %: ${percent(low)} to ${percent(high)})`;
}
