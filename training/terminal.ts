/** What the commands share: where things lie, how they print, how they read flags and data. */
import cliProgress from 'cli-progress';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Recipe } from './config';
import { loadFer2013, type Dataset } from './dataset';
import { UserError } from './errors';

export const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
export const MODELS_DIR = path.join(ROOT, 'static', 'models');
export const CACHE = path.join(ROOT, '.cache');

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

/** The data set in `file`, with a bar while it is read. Throws UserError. */
export async function loadData(file: string | undefined): Promise<Dataset> {
	if (file === undefined) throw new UserError('Say where FER2013 is: --data FILE.');
	const bar = createBar('Reading {filename} [{bar}] {percentage}% {eta_formatted} left');
	if (existsSync(file)) bar.start(statSync(file).size, 0, { filename: path.basename(file) });
	try {
		return await loadFer2013(file, path.join(CACHE, 'data'), (count) => {
			bar.increment(count);
		});
	} finally {
		bar.stop();
	}
}

/** The folder of the run that trains `model` by this recipe. */
export function runDirOf(model: string, { id, seed }: Recipe): string {
	return path.join(CACHE, 'runs', `${model}-${id}-seed${String(seed)}`);
}

/** A whole number of at least `least`, or undefined when the flag is missing; throws UserError. */
export function wholeNumber(name: string, text: string | undefined, least: number): number | undefined {
	if (text === undefined) return undefined;
	const value = Number(text);
	if (!Number.isInteger(value) || value < least)
		throw new UserError(`--${name} takes a whole number of at least ${String(least)}, not "${text}".`);
	return value;
}
