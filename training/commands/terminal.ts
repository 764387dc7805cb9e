/** How commands print. */
import cliProgress from 'cli-progress';
import { wilsonInterval } from '../../src/lib/core/interval';

/** Prints a line. */
export const say = (line: string): void => {
	process.stdout.write(`${line}\n`);
};

/** A bar on a terminal; nothing elsewhere, where lines do. */
export function createBar(format: string): cliProgress.SingleBar {
	return new cliProgress.SingleBar({ format, hideCursor: true, noTTYOutput: false, clearOnComplete: true });
}

/** A fraction of 0..1 in percent. */
export const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;

/** The same of `n` pictures, with the 95 % interval. */
export function percentWithInterval(fraction: number, n: number): string {
	const { low, high } = wilsonInterval(fraction, n);
	return `${percent(fraction)} (95 %: ${percent(low)} to ${percent(high)})`;
}
