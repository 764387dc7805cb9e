/** Pictures in folders named by label, or with lists of their labels, as face data sets are published. */
import { openAsBlob, readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { type Numbering, NUMBERINGS } from '../../src/lib/core/labels';
import type { Frame } from '../../src/lib/core/types';
import { type NumberedFolders, numberedFolders, sortByLabel } from '../../src/lib/data-sets/folders';
import { labelsBeside } from '../../src/lib/data-sets/beside';
import type { UnusedList } from '../../src/lib/data-sets/lists';
import { mayHoldLabels } from '../../src/lib/data-sets/list-names';
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
	/**
	 * Number of the pictures that are left out, by their folder or what a list says of them, which names no expression;
	 * '' for nothing.
	 */
	readonly leftOut: ReadonlyMap<string, number>;
	/** Misspelled folder names, and the labels they are read as. */
	readonly guessed: ReadonlyMap<string, string>;
	/** If labels come from file names, one example per label. */
	readonly named: ReadonlyMap<string, string>;
	/** Lists that give the labels in place of folders. */
	readonly lists: readonly string[];
	/** Lists that are not used, and why. */
	readonly notRead: readonly UnusedList[];
	/** Whose numbers the labels are; null if they are words. */
	readonly numbering: string | null;
}

/** Longest side of what is analysed, as on the photo page. */
const ANALYSED_SIDE_PX = 1920;

/** The pictures in `dir` with their labels, in the order of their names. Throws UserError if there are none. */
export async function readLabelledFolder(dir: string): Promise<LabelledFolder> {
	if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory())
		throw new UserError(`There is no folder ${dir}. --folder takes one that holds a folder for each label.`);
	const all = [...filesIn(dir)]
		.map((file) => ({ path: path.relative(dir, file).split(path.sep).join('/'), file }))
		.filter((each) => !isClutter(each.path))
		.sort((a, b) => (a.path < b.path ? -1 : 1));
	const lists = all.filter((each) => mayHoldLabels(each.path));
	const { files, listed, notRead } = await labelsBeside(
		all.filter((each) => isPictureName(each.path)),
		await Promise.all(lists.map(async (each) => ({ name: each.path, file: await openAsBlob(each.file) })))
	);
	const used = listed?.lists ?? [];
	const numbered = numberedFolders(files);
	const numbering = numberingNamed(dir, used, numbered?.numberings ?? []);
	const { labelled, unknown, guessed, named } = sortByLabel(files, numbering, notRead.length === 0);
	if (labelled.length === 0)
		throw new UserError(
			[`${dir} holds no picture whose label is clear.`, ...remedies(used, notRead, numbered)].join(' ')
		);
	const leftOut = new Map<string, number>();
	for (const { said } of unknown) leftOut.set(said, (leftOut.get(said) ?? 0) + 1);
	return {
		pictures: labelled,
		leftOut,
		guessed,
		named,
		lists: used,
		notRead,
		numbering: (numbered && numbering?.title) ?? null
	};
}

/** Sentences on what to do if no picture has a label. */
function remedies(
	lists: readonly string[],
	notRead: readonly UnusedList[],
	numbered: NumberedFolders<string> | null
): string[] {
	const reasons = notRead.map(({ name, reason }) => `${name} is not used: ${reason}.`);
	if (numbered === null)
		return [
			...reasons,
			'Sort them into folders named angry, disgust, fear, happy, sad, surprise and neutral, or put a list of names and labels beside them.'
		];
	const numbers = numbered.numbers.map(({ number }) => number).join(', ');
	const fitting = numbered.numberings.map(({ title }) => title).join(', ');
	const what = lists.length > 0 ? `The labels in ${lists.join(', ')} are numbers` : 'Its folders are numbered';
	return [
		...reasons,
		fitting === ''
			? `${what} (${numbers}) as in no data set that is known here: write words in place of them.`
			: `${what} (${numbers}), and data sets number expressions in different ways: give the folder the name of the one it is from (these fit: ${fitting}).`
	];
}

/**
 * Whose numbers these are, by the innermost folder of `dir` or else the list that is named after a data set; null if
 * none of `fitting` is: a guess would give figures that mean nothing.
 */
function numberingNamed(dir: string, lists: readonly string[], fitting: readonly Numbering[]): Numbering | null {
	const named = [...dir.split(/[\\/]/).reverse(), ...lists].flatMap(
		(name) => NUMBERINGS.findLast(({ called }) => called.test(name)) ?? []
	)[0];
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
