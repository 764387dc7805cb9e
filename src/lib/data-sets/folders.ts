/** Pictures sorted by label, into folders or by a list, as in published data sets of faces. */
import { labelNamed, type NamedLabel, type Numbering, numberingsOf } from '../core/labels';

export interface PathFile<T> {
	/** Path within the chosen folder or files. */
	readonly path: string;
	readonly file: T;
	/**
	 * The label according to a list, used instead of its folders: null if the list lacks it; missing if there is no
	 * list.
	 */
	readonly listed?: string | null;
}

export interface SortedFiles<T> {
	/** `name`: the path within the folder. */
	readonly labelled: readonly { readonly name: string; readonly label: string; readonly file: T }[];
	/**
	 * Files whose folder or list names no expression; `said`: the folder's name or the list's entry, '' for nothing.
	 */
	readonly unknown: readonly { readonly name: string; readonly said: string }[];
	/** Names that are only close to a label, and how they were read. */
	readonly guessed: ReadonlyMap<string, string>;
	/** By label, a file whose own name was read because no folder names a label; empty if folders do. */
	readonly named: ReadonlyMap<string, string>;
}

/** Folders named by a number. */
export interface NumberedFolders<T> {
	/** Numbers in ascending order, each with some of its pictures. */
	readonly numbers: readonly { readonly number: number; readonly count: number; readonly examples: readonly T[] }[];
	/** Data sets that have all of these numbers; the one named in the path comes first. */
	readonly numberings: readonly Numbering[];
}

const EXAMPLES = 3;

/** What may name a file's label: the folders around it, nearest first, or a list. */
const around = ({ path, listed }: PathFile<unknown>): string[] =>
	listed === undefined ? path.split('/').slice(0, -1).reverse() : listed === null ? [] : [listed];

/** A number of 0 to 9: "3", "03", "3.0", "(3)", "class_3", "label 3"; "003" is that of a person or a session. */
const NUMBER = /^[\s([]*(?:(?:class|label|emotion|expression|category)[\s_-]*)?0?(\d)(?:\.0+)?[\s)\]]*$/i;

const numberOf = (folder: string): number | undefined => {
	const digit = NUMBER.exec(folder)?.[1];
	return digit === undefined ? undefined : Number(digit);
};

/** File names of KDEF ("AF01ANS.JPG") and of JAFFE ("KA.AN1.39.tiff"). */
const CODES = [/^[AB][FM]\d\d(AF|AN|DI|HA|NE|SA|SU)(?:S|[HF][LR])$/i, /^[A-Z]{2}\.(AN|DI|FE|HA|NE|SA|SU)\d\.\d+$/i];

/** The label in a file's own name: one of those codes, or a word, if it is the only label. */
function labelOfFile(path: string): string | undefined {
	const name = (path.split('/').at(-1) ?? '').replace(/\.\w+$/, '');
	const code = CODES.flatMap((pattern) => pattern.exec(name)?.[1] ?? [])[0];
	if (code !== undefined) return code.toUpperCase() === 'AF' ? 'fear' : labelNamed(code)?.label;
	const all = name.split(/[^\p{L}]+/u);
	if (all.some((word) => /^(no|non|not)$/i.test(word))) return undefined;
	// Shorter words are just as often codes for something else.
	const words = all.filter((word) => word.length > 3 || /[^\p{ASCII}]/u.test(word) || /^(sad|joy)$/i.test(word));
	// What is only close to a label is just as often a person's name.
	const labels = new Set(
		words.flatMap((word) => {
			const named = labelNamed(word);
			return named?.exact === true ? named.label : [];
		})
	);
	return labels.size === 1 ? [...labels][0] : undefined;
}

/** Whether a folder's name is a number that may stand for a label. */
export const isNumber = (folder: string): boolean => numberOf(folder) !== undefined;

/** Whether a label of a list is a number; RAF-DB's compound expressions have up to 11. */
export const isLabelNumber = (label: string): boolean => numberListed(label) !== undefined;

const numberListed = (label: string): number | undefined =>
	/^\d\d(\.0+)?$/.test(label) ? Number(label) : numberOf(label);

type Word = NamedLabel & { readonly said: string };

/**
 * The word that names the label of each file: the nearest that does so exactly, else the nearest that is close. If none
 * is exact for any file, what is close is something else: Felix is no "feliz", and Angel no "anger".
 */
function wordsAround(files: readonly PathFile<unknown>[]): (Word | undefined)[] {
	const found = files.map((each) => {
		const words = around(each).flatMap((said): Word[] => {
			const named = labelNamed(said);
			return named === undefined ? [] : [{ ...named, said }];
		});
		return words.find(({ exact }) => exact) ?? words[0];
	});
	return found.some((word) => word?.exact === true) ? found : found.map(() => undefined);
}

/** Whether a list gives a picture several labels. No folder's name has a slash. */
export const isSeveral = (said: string): boolean => said.includes(' / ');

/** The number of the label of each file, undefined if it has none. */
function numbersAround(files: readonly PathFile<unknown>[]): (number | undefined)[] {
	/** How deep folders are that are numbered beyond 9: for people or parts, also those up to 9. */
	const beyond = new Set(
		files.flatMap(({ path }) => {
			const folders = path.split('/').slice(0, -1);
			return folders.flatMap((folder, depth) => (/^0*[1-9]\d+$/.test(folder) ? depth : []));
		})
	);
	return files.map((each) => {
		const names = around(each);
		return names.flatMap((name, index) => {
			if (each.listed !== undefined) return numberListed(name) ?? [];
			return beyond.has(names.length - 1 - index) ? [] : (numberOf(name) ?? []);
		})[0];
	});
}

/**
 * The numbers used as labels where no word names one. The visitor must say what they mean: 3 is fear in one data set,
 * happy in the next and disgust in a third. Null if no file needs a number. `lists`: names of lists with the labels.
 */
export function numberedFolders<T>(
	files: readonly PathFile<T>[],
	lists: readonly string[] = []
): NumberedFolders<T> | null {
	const byNumber = new Map<number, T[]>();
	const paths: string[] = [...lists];
	const found = numbersAround(files);
	const words = wordsAround(files);
	for (const [index, each] of files.entries()) {
		const { path, file } = each;
		const number = words[index] === undefined ? found[index] : undefined;
		if (number === undefined) continue;
		const same = byNumber.get(number);
		if (same === undefined) byNumber.set(number, [file]);
		else same.push(file);
		if (paths.length < 100) paths.push(path);
	}
	if (byNumber.size === 0) return null;
	return {
		numbers: [...byNumber]
			.sort(([a], [b]) => a - b)
			.map(([number, same]) => ({ number, count: same.length, examples: same.slice(0, EXAMPLES) })),
		numberings: numberingsOf([...byNumber.keys()], paths)
	};
}

/**
 * Files with the label that a list or the nearest folder names. Numbers are read by `numbering`, if given, when no
 * folder names a label in words. If no folder of any file says anything, the files' own names are used, unless
 * `ownNames` is false.
 */
export function sortByLabel<T>(
	files: readonly PathFile<T>[],
	numbering: Numbering | null,
	ownNames = true
): SortedFiles<T> {
	const labelled: { name: string; label: string; file: T }[] = [];
	const unknown: { name: string; said: string }[] = [];
	const guessed = new Map<string, string>();
	const named = new Map<string, string>();
	const numbers = numbersAround(files);
	const words = wordsAround(files);
	const areSorted = files.some(
		(each, index) => each.listed !== undefined || words[index] !== undefined || numbers[index] !== undefined
	);
	const own = areSorted || !ownNames ? [] : files.map(({ path }) => labelOfFile(path));
	// A few matching names may be coincidence.
	const tell = own.filter((label) => label !== undefined).length >= files.length / 2;
	for (const [index, each] of files.entries()) {
		const { path, file } = each;
		const ownLabel = tell ? own[index] : undefined;
		if (ownLabel !== undefined) {
			labelled.push({ name: path, label: ownLabel, file });
			if (!named.has(ownLabel)) named.set(ownLabel, path.split('/').at(-1) ?? path);
			continue;
		}
		const read = words[index];
		if (read?.exact === false) guessed.set(read.said, read.label);
		const label = read?.label ?? numbering?.labels.get(numbers[index] ?? -1) ?? undefined;
		if (label === undefined) unknown.push({ name: path, said: around(each)[0] ?? '' });
		else labelled.push({ name: path, label, file });
	}
	return { labelled, unknown, guessed, named };
}
