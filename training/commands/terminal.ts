/** How commands print. */
import cliProgress from 'cli-progress';

/** Prints a line. */
export const say = (line: string): void => {
	process.stdout.write(`${line}\n`);
};

/** A bar on a terminal; nothing elsewhere, where lines do. */
export function createBar(format: string): cliProgress.SingleBar {
	return new cliProgress.SingleBar({ format, hideCursor: true, noTTYOutput: false, clearOnComplete: true });
}

/** A fraction of 0..1 in per cent. */
export const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;
