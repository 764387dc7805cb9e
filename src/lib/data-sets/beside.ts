/** Whether pictures get their labels from lists beside them or from their folders. */
import { labelNamed } from '../core/labels';
import { isLabelNumber, numberedFolders, sortByLabel, type PathFile } from './folders';
import { joined, readLists, type ListedLabels, type UnusedList } from './lists';
import { isListName } from './list-names';
import type { NamedBlob } from './tables';
import { readTexts } from './texts';

export interface LabelSources<T> {
	/** With what the lists say of them; as they were if no list is used. */
	readonly files: readonly PathFile<T>[];
	/** Null if the folders say more. */
	readonly listed: Pick<ListedLabels, 'lists' | 'missing'> | null;
	readonly notRead: readonly UnusedList[];
}

/** Of more lists, only tables are read. */
const MOST_LISTS = 20;

/** Reads `lists`: files beside the pictures, whose names say that they `mayHoldLabels`. */
export async function labelsBeside<T>(
	files: readonly PathFile<T>[],
	lists: readonly NamedBlob[]
): Promise<LabelSources<T>> {
	const paths = files.map(({ path }) => path);
	const texts = await readTexts(lists, paths);
	const others = lists.filter(({ name }) => isListName(name) && !texts.files.has(name));
	const few = others.length <= MOST_LISTS ? others : others.filter(({ name }) => !/\.txt$/i.test(name));
	const read = await readLists(few.length <= MOST_LISTS ? few : [], paths);
	const labels = joined([...texts.labels, ...read.labels]);
	const used = [...(texts.labels.size > 0 ? [texts.called] : []), ...read.lists];
	const fault = faultOf(labels, sortByLabel(files, null, false).labelled.length, paths.length);
	if (fault !== null) {
		const unused = fault === '' ? [] : used.map((name) => ({ name, reason: fault }));
		const notRead = [...unused, ...read.unclear];
		return { files, listed: null, notRead: notRead.length > 0 ? notRead : closedLists(files, lists) };
	}
	return {
		files: files.map((each) => ({ ...each, listed: labels.get(each.path) ?? null })),
		listed: { lists: used, missing: read.missing },
		notRead: read.unclear
	};
}

/** If nothing else says a label: files that may, but are of a kind that is not read. */
function closedLists(files: readonly PathFile<unknown>[], lists: readonly NamedBlob[]): UnusedList[] {
	const closed = lists.filter(({ name }) => !isListName(name));
	const isNamed = sortByLabel(files, null).labelled.length > 0 || numberedFolders(files) !== null;
	return isNamed || closed.length > MOST_LISTS
		? []
		: closed.map(({ name }) => ({ name, reason: 'files of this kind are not read: save it as CSV' }));
}

/** Why lists with these labels are not used; '' if there are none, null if they are. */
function faultOf(labels: ReadonlyMap<string, string>, byFolders: number, all: number): string | null {
	const said = [...labels.values()];
	const words = said.filter((label) => labelNamed(label) !== undefined).length;
	const usable = words + said.filter(isLabelNumber).length;
	if (said.length === 0) return '';
	if (usable === 0) return 'its labels name no expression: write them as words, like “happy”';
	if (words === 0 && byFolders >= usable) return 'its labels are numbers, and folders name the expressions in words';
	if (said.length < byFolders && said.length * 2 < all)
		return `it names ${said.length} of ${all} pictures, and folders name the expressions of more`;
	return null;
}
