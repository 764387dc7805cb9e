/** Pictures sorted into folders by label, as data sets of faces are published. */
import { labelNamed, type Numbering, NUMBERINGS } from '../core/labels';

export interface SortedFiles<T> {
	/** `name`: the path within the folder. */
	readonly labelled: readonly { readonly name: string; readonly label: string; readonly file: T }[];
	/** Files of folders whose name says no expression. */
	readonly unknown: readonly { readonly name: string; readonly folder: string }[];
	/** Names that are only nearly those of a label, and how they were read. */
	readonly guessed: ReadonlyMap<string, string>;
}

/** Folders that have a number for a name. */
export interface NumberedFolders<T> {
	/** Numbers in ascending order, each with some of its pictures. */
	readonly numbers: readonly { readonly number: number; readonly count: number; readonly examples: readonly T[] }[];
	/** Data sets that have all of these numbers; those whose name the path holds first. */
	readonly numberings: readonly Numbering[];
}

const EXAMPLES = 3;

/** The folders around a file, the nearest first. */
const around = (path: string): string[] => path.split('/').slice(0, -1).reverse();

/** 0 to 9, also as "03"; undefined for other names. */
const numberOf = (folder: string): number | undefined => (/^0*\d$/.test(folder.trim()) ? Number(folder) : undefined);

/** Whether a folder has a number for a name that may stand for a label. */
export const isNumber = (folder: string): boolean => numberOf(folder) !== undefined;

const wordOf = (path: string) => around(path).flatMap((folder) => labelNamed(folder) ?? [])[0];
const numberAround = (path: string) => around(path).flatMap((folder) => numberOf(folder) ?? [])[0];

/**
 * What numbers stand where no word says the label. Their meaning is the visitor's to say: 3 is fear in one data set, happy
 * in the next and disgust in a third. Null where no file needs a number.
 */
export function numberedFolders<T>(
	files: readonly { readonly path: string; readonly file: T }[]
): NumberedFolders<T> | null {
	const byNumber = new Map<number, T[]>();
	const paths: string[] = [];
	for (const { path, file } of files) {
		const number = wordOf(path) === undefined ? numberAround(path) : undefined;
		if (number === undefined) continue;
		const same = byNumber.get(number);
		if (same === undefined) byNumber.set(number, [file]);
		else same.push(file);
		if (paths.length < 100) paths.push(path);
	}
	if (byNumber.size === 0) return null;
	const fitting = NUMBERINGS.filter(({ labels }) => [...byNumber.keys()].every((number) => labels.has(number)));
	// FER+ is called FER2013+ as well: the more special name counts.
	const named = [...fitting].reverse().find(({ called }) => paths.some((path) => called.test(path)));
	return {
		numbers: [...byNumber]
			.sort(([a], [b]) => a - b)
			.map(([number, same]) => ({ number, count: same.length, examples: same.slice(0, EXAMPLES) })),
		numberings: named === undefined ? fitting : [named, ...fitting.filter((each) => each !== named)]
	};
}

/**
 * Files with the label that the nearest folder around them names; numbers as `numbering` reads them, where it is given
 * and no folder around names a label in words.
 */
export function sortByLabel<T>(
	files: readonly { readonly path: string; readonly file: T }[],
	numbering: Numbering | null
): SortedFiles<T> {
	const labelled: { name: string; label: string; file: T }[] = [];
	const unknown: { name: string; folder: string }[] = [];
	const guessed = new Map<string, string>();
	for (const { path, file } of files) {
		const folder = around(path).find((each) => labelNamed(each) !== undefined);
		const named = folder === undefined ? undefined : labelNamed(folder);
		if (folder !== undefined && named?.exact === false) guessed.set(folder, named.label);
		const label = named?.label ?? numbering?.labels.get(numberAround(path) ?? -1) ?? undefined;
		if (label === undefined) unknown.push({ name: path, folder: around(path)[0] ?? '' });
		else labelled.push({ name: path, label, file });
	}
	return { labelled, unknown, guessed };
}
