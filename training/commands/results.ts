/** What commands measure, kept in files from which the tables of the READMEs are made. */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { Dataset } from '../data/dataset';
import { commitOf } from '../lib/commit';
import { messageOf, UserError } from '../lib/errors';
import { makeFolder, sha256, writeWhole } from '../lib/files';
import { ROOT } from '../lib/root';
import { say } from './terminal';

/** MIEN_RESULTS moves it elsewhere. */
export const RESULTS_DIR = process.env['MIEN_RESULTS'] ?? path.join(ROOT, 'training', 'results');

export interface Result<Figures = unknown> {
	/** ISO date. */
	readonly date: string;
	readonly commit: string;
	/** As typed, but paths without their folders, which differ between machines. */
	readonly command: string;
	/** SHA-256 of FER2013's labels, usages and pixels, if the command read them. */
	readonly data?: string | undefined;
	readonly figures: Figures;
}

/** Checks the name before hours of work, not after them. Throws UserError if no result can be saved by it. */
export function requireResultName(name: string | undefined): void {
	if (name === undefined) return;
	if (!/^[a-z0-9-]+$/.test(name))
		throw new UserError(`--save takes lower-case letters, digits and hyphens, not "${name}".`);
	requireResultsFolder();
}

/** Throws UserError if results cannot be saved. */
export function requireResultsFolder(): void {
	try {
		makeFolder(RESULTS_DIR);
		accessSync(RESULTS_DIR, constants.W_OK);
	} catch (thrown) {
		throw new UserError(
			`No results can be saved in ${RESULTS_DIR}: ${messageOf(thrown)}. Set MIEN_RESULTS to a folder that can be written.`
		);
	}
}

/** Writes `training/results/<name>.json`; `command` as typed after `npm run`. Throws UserError. */
export function saveResult(
	name: string,
	[command = '', ...args]: readonly string[],
	data: Dataset | undefined,
	figures: unknown,
	tell = say
): void {
	const result: Result = {
		date: new Date().toISOString().slice(0, 10),
		commit: commitOf(ROOT),
		command: `npm run ${command} -- ${args.map((arg) => (/[\\/]/.test(arg) && /^[./~\w-]/.test(arg) ? path.basename(arg) : arg)).join(' ')}`,
		data: data && sha256(data.labels, data.usage, data.pixels),
		figures
	};
	const file = path.join(RESULTS_DIR, `${name}.json`);
	writeWhole(file, [`${JSON.stringify(result, rounded, '\t')}\n`]);
	tell(`Figures saved as ${path.relative(ROOT, file)}.`);
}

/** Six digits are precise enough for any figure. */
function rounded(_: string, value: unknown): unknown {
	return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
