/** Pictures sorted into folders by label, as data sets of faces are published. */

/** Names in use, beside the label itself: FER2013, CK+, RAF-DB, KDEF, JAFFE and others. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
	angry: ['angry', 'anger', 'an', 'ang'],
	disgust: ['disgust', 'disgusted', 'di', 'dis'],
	fear: ['fear', 'fearful', 'afraid', 'scared', 'fe', 'fea'],
	happy: ['happy', 'happiness', 'joy', 'ha', 'hap'],
	sad: ['sad', 'sadness', 'sa'],
	surprise: ['surprise', 'surprised', 'su', 'sur'],
	neutral: ['neutral', 'neutrality', 'ne', 'neu']
};

/** What the numbered folders of RAF-DB hold. */
const RAF_DB = new Map(
	['surprise', 'fear', 'disgust', 'happy', 'sad', 'angry', 'neutral'].map((label, index) => [String(index + 1), label])
);

const LABELS = new Map(Object.entries(NAMES).flatMap(([label, names]) => names.map((name) => [name, label] as const)));

export interface SortedFiles<T> {
	/** `name`: the path within the folder. */
	readonly labelled: readonly { readonly name: string; readonly label: string; readonly file: T }[];
	/** Files of folders whose name says no expression. */
	readonly unknown: readonly { readonly name: string; readonly folder: string }[];
}

/**
 * Files with the label that the nearest folder around them names. Numbers count only as RAF-DB's, 1 to 7: where the
 * same folder also holds others (0, 8), they mean something else.
 */
export function sortByLabel<T>(files: readonly { readonly path: string; readonly file: T }[]): SortedFiles<T> {
	const folders = files.flatMap(({ path }) => path.split('/').slice(0, -1));
	const isRafDb = !folders.some((name) => /^\d$/.test(name) && !RAF_DB.has(name));
	const labelOf = (path: string): string | undefined => {
		const around = path.split('/').slice(0, -1).reverse();
		const named = around.map(labelNamed).find((label) => label !== undefined);
		if (named !== undefined || !isRafDb) return named;
		return around.map((name) => RAF_DB.get(name)).find((label) => label !== undefined);
	};
	const labelled: { name: string; label: string; file: T }[] = [];
	const unknown: { name: string; folder: string }[] = [];
	for (const { path, file } of files) {
		const label = labelOf(path);
		if (label === undefined) unknown.push({ name: path, folder: path.split('/').at(-2) ?? '' });
		else labelled.push({ name: path, label, file });
	}
	return { labelled, unknown };
}

/** "Happy", "happiness" and "3_happy" are the same. */
function labelNamed(folder: string): string | undefined {
	const word = folder
		.toLowerCase()
		.replace(/^\d+[\s._-]+/, '')
		.trim();
	return LABELS.get(word);
}
