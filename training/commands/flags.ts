/** How commands read their flags. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { chooseBackend, TRAINING_BACKENDS, type TrainingBackend } from '../backend/index';
import { rowsOf, type Dataset } from '../data/dataset';
import { loadFer2013 } from '../data/fer2013';
import { UserError } from '../lib/errors';
import { CACHE } from './paths';
import { say, withBar } from './terminal';

/**
 * A command's options, and the name that it takes, '' if none. Throws UserError for more than one, TypeError like
 * parseArgs.
 */
export function parseFlags<Options extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: Options) {
	const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
	const [name = '', ...others] = positionals;
	if (others.length > 0) throw new UserError(`Name one of ${positionals.join(', ')}: a command takes one name.`);
	return { values, name };
}

/** The data set in `file`, with a bar while it is read. Throws UserError. */
export async function loadData(file: string | undefined): Promise<Dataset> {
	if (file === undefined) throw new UserError('Say where FER2013 is: --data FILE.');
	const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
	const format = `Reading ${path.basename(file)} [{bar}] {percentage}% {eta_formatted} left`;
	return withBar(format, size, (update) => loadFer2013(file, path.join(CACHE, 'data'), update));
}

/** A whole number of at least `least`, or undefined if the flag is missing; throws UserError. */
export function wholeNumber(name: string, text: string | undefined, least: number): number | undefined {
	if (text === undefined) return undefined;
	const value = Number(text);
	// An empty text, as of a variable that a script forgot to set, would be 0.
	if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
		throw new UserError(`--${name} takes a whole number of at least ${String(least)}, not "${text}".`);
	return value;
}

/** The back end of that name; for `auto` or undefined, the fastest here. Throws UserError if there is none. */
export async function parseBackend(text: string | undefined): Promise<TrainingBackend> {
	if (text === undefined || text === 'auto') {
		const { backend, reason } = await chooseBackend();
		say(reason);
		return backend;
	}
	const found = TRAINING_BACKENDS.find((name) => name === text);
	if (!found) throw new UserError(`--backend takes auto or one of ${TRAINING_BACKENDS.join(', ')}, not "${text}".`);
	return found;
}

/** Aborts on Ctrl-C, SIGTERM or SIGHUP; a second Ctrl-C ends the process at once. */
export function abortOnSignals(): AbortSignal {
	const controller = new AbortController();
	let firstMs: number | undefined;
	process.on('SIGINT', () => {
		if (firstMs === undefined) {
			firstMs = performance.now();
			say('\nSaving a checkpoint; press Ctrl-C again to stop without one.');
			controller.abort();
		} else if (performance.now() - firstMs > 1000) {
			// Sooner, it is the same Ctrl-C, passed on by npm.
			process.exit(130);
		}
	});
	// SIGHUP: the terminal was closed. Node would end at it even under nohup.
	for (const name of ['SIGTERM', 'SIGHUP'] as const) process.once(name, () => controller.abort());
	return controller.signal;
}

/** Figures of PrivateTest are written only once all is chosen, which `final` says. Throws UserError. */
export function requireFinal(final: boolean, command: string): void {
	if (!final)
		throw new UserError(
			`${command} writes figures of PrivateTest, which no choice may depend on. To choose, use npm run evaluate or ` +
				'npm run study -- score. Once everything is chosen, add --final.'
		);
}

/** Of PublicTest, and of PrivateTest. */
const TEST_ROWS = 3589;

/** What ships keeps the figures of all test pictures: those of a part must not replace them. Throws UserError. */
export function requireWholeTests(dataset: Dataset): void {
	for (const split of ['public', 'private'] as const) {
		const { length } = rowsOf(dataset, split);
		if (length !== TEST_ROWS)
			throw new UserError(
				`The data has ${length} rows of the split "${split}", FER2013 has ${TEST_ROWS}: the shipped figures stay as they are. ` +
					`Take the whole fer2013.csv, or npm run evaluate -- MODEL --split ${split} to see these rows only.`
			);
	}
}
