/** Pictures in folders named by label, as face data sets are published. */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { type Numbering, NUMBERINGS } from '../../src/lib/core/labels';
import type { Frame } from '../../src/lib/core/types';
import { numberedFolders, sortByLabel } from '../../src/lib/data-sets/folders';
import { isClutter, isPictureName } from '../../src/lib/data-sets/names';
import { UserError } from '../lib/errors';

export interface LabelledPicture {
	/** Path within the folder, with slashes. */
	readonly name: string;
	readonly label: string;
	readonly file: string;
}

export interface LabelledFolder {
	readonly pictures: readonly LabelledPicture[];
	/** Number of the pictures that are left out, by their folder, which is not named after an expression; '' for none. */
	readonly leftOut: ReadonlyMap<string, number>;
	/** Misspelled folder names, and the labels they are read as. */
	readonly guessed: ReadonlyMap<string, string>;
	/** If labels come from file names, one example per label. */
	readonly named: ReadonlyMap<string, string>;
}

/** Longest side of what is analysed, as on the photo page. */
const ANALYSED_SIDE_PX = 1920;

/** The pictures in `dir` with their labels, in the order of their names. Throws UserError if there are none. */
export function readLabelledFolder(dir: string): LabelledFolder {
	if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory())
		throw new UserError(`There is no folder ${dir}. --folder takes one that holds a folder for each label.`);
	const paths = [...filesIn(dir)]
		.map((file) => ({ path: path.relative(dir, file).split(path.sep).join('/'), file }))
		.filter((each) => isPictureName(each.path) && !isClutter(each.path))
		.sort((a, b) => (a.path < b.path ? -1 : 1));
	const numbering = numberingNamed(dir, numberedFolders(paths)?.numberings ?? []);
	const { labelled, unknown, guessed, named } = sortByLabel(paths, numbering);
	if (labelled.length === 0)
		throw new UserError(
			`${dir} holds no picture in a folder that is named after a label: angry, disgust, fear, happy, sad, surprise, neutral. Numbers count if the name of the folder says whose they are: fer2013, ferplus, affectnet, raf-db or ck+.`
		);
	const leftOut = new Map<string, number>();
	for (const { said } of unknown) leftOut.set(said, (leftOut.get(said) ?? 0) + 1);
	return { pictures: labelled, leftOut, guessed, named };
}

/**
 * Whose numbers these folders have, by the innermost folder of `dir` that is named after a data set; null if none of
 * `fitting` is: a guess would give figures that mean nothing.
 */
function numberingNamed(dir: string, fitting: readonly Numbering[]): Numbering | null {
	const named = dir
		.split(/[\\/]/)
		.reverse()
		.flatMap((folder) => NUMBERINGS.findLast(({ called }) => called.test(folder)) ?? [])[0];
	return named !== undefined && fitting.includes(named) ? named : null;
}

/** The files in `dir`, also behind links, except links to a folder around them. `around`: where the folders really are. */
function* filesIn(dir: string, around: readonly string[] = []): Generator<string> {
	const own = realpathSync(dir);
	if (around.includes(own)) return;
	for (const name of readdirSync(dir)) {
		const full = path.join(dir, name);
		const stats = statSync(full, { throwIfNoEntry: false });
		if (stats?.isDirectory()) yield* filesIn(full, [...around, own]);
		else if (stats?.isFile()) yield full;
	}
}

/** The pixels of a picture, rotated as its EXIF data says, on white if transparent. Throws UserError. */
export async function readPicture(file: string): Promise<Frame> {
	try {
		const { data, info } = await sharp(file)
			.rotate()
			.resize({ width: ANALYSED_SIDE_PX, height: ANALYSED_SIDE_PX, fit: 'inside', withoutEnlargement: true })
			.toColourspace('srgb')
			.flatten({ background: '#fff' })
			.ensureAlpha()
			.raw()
			.toBuffer({ resolveWithObject: true });
		return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
	} catch (thrown) {
		throw new UserError(`${file} cannot be read as a picture: ${thrown instanceof Error ? thrown.message : ''}`);
	}
}
