/** FER2013 as text, as found in practice: columns in any order, under several names; labels as numbers or words. */
import { labelNamed, type Numbering } from './labels';

/** Meaning of the numbers in the column "emotion". */
export const FER2013_LABELS = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'] as const;
/** Side of its square pictures, in pixels. */
export const FER2013_SIDE = 48;
const PIXELS = FER2013_SIDE * FER2013_SIDE;
const NUMBERS: Numbering['labels'] = new Map(FER2013_LABELS.map((label, number) => [number, label]));

type Fer2013Label = (typeof FER2013_LABELS)[number];

/** Positions of the columns; some copies have no usage. */
export interface Fer2013Columns {
	readonly emotion: number;
	/** The column with all pixels, or the first of one column per pixel (`isSpread`). */
	readonly pixels: number;
	readonly isSpread: boolean;
	readonly usage: number | null;
	/** Number of columns in the first line. */
	readonly count: number;
}

export interface Fer2013Row {
	readonly label: Fer2013Label;
	/** [48, 48] grey values of 0..255. */
	readonly pixels: Uint8Array;
}

/** Column names in use, the usual one first; lower case, without spaces and punctuation. */
const COLUMNS = {
	emotion: ['emotion', 'emotions', 'label', 'labels', 'class', 'target', 'expression', 'emotionlabel', 'emotionid'],
	pixels: ['pixels', 'pixel', 'image', 'imagepixels', 'pixelvalues', 'data'],
	usage: ['usage', 'split', 'set', 'subset', 'partition']
} as const;

/** The names of FER2013's parts, by their lower-case letters. */
const USAGES = new Map(['Training', 'PublicTest', 'PrivateTest'].map((usage) => [usage.toLowerCase(), usage]));

/** Field separators, the most common first. */
const SEPARATORS = [',', ';', '\t', '|', '，', '،', '~', ':', '\x01', ' '];
/** A field in quotes of any kind; double and single quotes inside it are doubled. */
const QUOTED = /^\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'|`([^`]*)`|“([^“”]*)”)\s*/;

/** The field separator of a table, judged by its first line. */
export function separatorOf(header: string): string {
	return SEPARATORS.find((each) => header.includes(each)) ?? ',';
}

/** The fields of one line of CSV, without the quotes around each field or around the whole line. */
export function splitFields(line: string, separator = ','): string[] {
	const fields = splitOnce(line, separator);
	const [only = ''] = fields;
	return fields.length === 1 && only.length < line.length && only.includes(separator)
		? splitOnce(only, separator)
		: fields;
}

function splitOnce(line: string, separator: string): string[] {
	if (!/["'`“]/.test(line)) return line.split(separator);
	const fields: string[] = [];
	let at = 0;
	for (;;) {
		const quoted = QUOTED.exec(line.slice(at));
		const end = at + (quoted?.[0].length ?? 0);
		if (quoted !== null && (end === line.length || line[end] === separator)) {
			const [, double, single, ...others] = quoted;
			fields.push(double?.replaceAll('""', '"') ?? single?.replaceAll("''", "'") ?? others.join(''));
			at = end;
		} else {
			const next = line.indexOf(separator, at);
			fields.push(line.slice(at, next < 0 ? line.length : next));
			at = next < 0 ? line.length : next;
		}
		if (at >= line.length) return fields;
		at++;
		if (at === line.length) return [...fields, ''];
	}
}

/** Columns by the fields of the first line, whatever their case and spaces. Throws RangeError if one is missing. */
export function columnsOf(header: readonly string[], separator = ','): Fer2013Columns {
	const names = header.map((name) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ''));
	const find = (known: readonly string[]): number =>
		known.map((name) => names.indexOf(name)).find((index) => index >= 0) ?? -1;
	const [emotion, usage] = [find(COLUMNS.emotion), find(COLUMNS.usage)];
	const first = names.findIndex((_, index) => isSpreadFrom(names, index));
	const pixels = first >= 0 ? first : find(COLUMNS.pixels);
	if (emotion < 0 || pixels < 0)
		throw new RangeError(
			lacking(names) ??
				`The first line must name the columns emotion and pixels, but it is "${readable(header.join(separator))}".`
		);
	return { emotion, pixels, isSpread: first >= 0, usage: usage < 0 ? null : usage, count: names.length };
}

/** Explains, by its column names, a table that people mistake for FER2013's; null if it is unknown. */
function lacking(names: readonly string[]): string | null {
	const [first = ''] = names;
	if (names.includes('nf') && names.includes('contempt'))
		return 'This is the table of votes of FER+, which holds no pictures: choose fer2013.csv.';
	if (names.length === 1 && COLUMNS.pixels.some((name) => name === first))
		return "This table has pictures but no labels, like the challenge's test.csv: choose fer2013.csv or train.csv.";
	// There is no telling which number is the label: a dark pixel may look like one.
	if (names.filter((name) => /^\d+$/.test(name)).length > PIXELS)
		return 'This table has a column for each pixel but no column names: add a first line, emotion,pixel0,pixel1 and so on to pixel2303.';
	return null;
}

/**
 * Columns of a table whose first line is already a row: pixels, one label and usually usage, in any order. Null if it
 * is not such a table, or if several numbers may be the label.
 */
export function columnsWithoutNames(fields: readonly string[]): Fer2013Columns | null {
	const indices = (is: (field: string) => unknown) =>
		fields.flatMap((field, index) => (succeeds(is, field) ? index : []));
	const [pixels, ...otherPixels] = indices(parsePixels);
	const [emotion, ...otherEmotions] = indices((field) => numberIn(field.trim()) ?? parseLabel(field.trim(), NUMBERS));
	if (pixels === undefined || emotion === undefined || otherPixels.length > 0 || otherEmotions.length > 0) return null;
	const usage = fields.findLastIndex((field, index) => index !== pixels && index !== emotion && field.trim() !== '');
	return { emotion, pixels, isSpread: false, usage: usage < 0 ? null : usage, count: fields.length };
}

function succeeds(run: (field: string) => unknown, field: string): boolean {
	try {
		run(field);
		return true;
	} catch {
		return false;
	}
}

/** Number of the first pixel column, and of the last, counted from 0 or 1, or by row and column. */
const SPREADS = new Map([
	[0, [PIXELS - 1, 4747]],
	[1, [PIXELS]],
	[11, [4848]]
]);

/** Whether one column for each pixel begins here: "0", "1", ..., "pixel0000", "pixel0001", ..., or "r0c0", "r0c1", ... */
function isSpreadFrom(names: readonly string[], first: number): boolean {
	const numbers = (index: number): number => {
		const name = names[index] ?? '';
		return /\d$/.test(name) ? Number(name.replace(/\D/g, '')) : NaN;
	};
	return SPREADS.get(numbers(first))?.includes(numbers(first + PIXELS - 1)) ?? false;
}

/** Fields of a row with all pixels in one field, even if pixels and fields have the same separator. */
export function gatherPixels(
	fields: readonly string[],
	{ pixels, isSpread, count }: Fer2013Columns
): readonly string[] {
	if (isSpread || fields.length < count + PIXELS - 1) return fields;
	return [
		...fields.slice(0, pixels),
		fields.slice(pixels, pixels + PIXELS).join(' '),
		...fields.slice(pixels + PIXELS)
	];
}

/** The usage of a row, with FER2013's parts in their usual spelling; null if the file has no such column. */
export function usageOf(fields: readonly string[], { usage }: Fer2013Columns): string | null {
	if (usage === null) return null;
	const text = (fields[usage] ?? '').trim();
	return USAGES.get(text.toLowerCase().replace(/[^\p{L}]/gu, '')) ?? text.slice(0, 40);
}

/** The one-digit number that a row has as its label; null if it has none. */
export function labelNumberOf(fields: readonly string[], { emotion }: Fer2013Columns): number | null {
	return numberIn((fields[emotion] ?? '').trim());
}

/** Label and picture of a row; `numbers`: what its label's number means. Throws RangeError that says what is wrong. */
export function parseRow(fields: readonly string[], columns: Fer2013Columns, numbers = NUMBERS): Fer2013Row {
	const label = parseLabel((fields[columns.emotion] ?? '').trim(), numbers);
	const { pixels } = columns;
	const text = columns.isSpread ? fields.slice(pixels, pixels + PIXELS).join(' ') : (fields[pixels] ?? '');
	return { label, pixels: parsePixels(text) };
}

/** What programs print around an array's numbers. */
const ARRAY = /\b(?:np\.|numpy\.)?(?:array|tensor|list)\(|,\s*dtype=[\w.]+|[[\]()]/g;

/** "3" and "3.0" are the same. */
function numberIn(text: string): number | null {
	const digit = /^(\d)(?:\.0*)?$/.exec(text)?.[1];
	return digit === undefined ? null : Number(digit);
}

function parseLabel(text: string, numbers: Numbering['labels']): Fer2013Label {
	const number = numberIn(text);
	const named = number === null ? labelNamed(text)?.label : numbers.get(number);
	const label = FER2013_LABELS.find((each) => each === named);
	if (label !== undefined) return label;
	if (number !== null && numbers !== NUMBERS)
		throw new RangeError(`The label ${number} is not one of the seven expressions.`);
	throw new RangeError(`The label must be a whole number from 0 to 6, but it is "${readable(text, 20)}".`);
}

/** What a message may quote of a file with arbitrary content. */
function readable(text: string, length = 80): string {
	const shown = text.slice(0, length).replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '\uFFFD');
	return /\uFFFD.*\uFFFD/.test(shown) ? '(no text)' : shown;
}

/** Parses by hand, as a whole file has 80 million numbers: separated by spaces or commas, also written as "70.0". */
function parsePixels(field: string): Uint8Array {
	const text = /[[(]/.test(field.slice(0, 20)) ? field.replace(ARRAY, ' ') : field;
	const pixels = new Uint8Array(PIXELS);
	let count = 0;
	let value = -1;
	let start = 0;
	for (let index = 0; index <= text.length; index++) {
		const code = text.charCodeAt(index);
		const digit = code - 48;
		if (digit >= 0 && digit <= 9) {
			if (value < 0) start = index;
			value = value < 0 ? digit : value * 10 + digit;
			if (value > 255) throw new RangeError(`Pixel ${count + 1} is greater than 255.`);
		} else if (code === 46 && value >= 0) {
			while (text.charCodeAt(index + 1) === 48) index++;
			if (/[\d.]/.test(text.charAt(index + 1))) throw notWhole(count, text.slice(start, start + 10));
		} else if (code > 32 && code !== 44 && code !== 160) {
			if (text.startsWith('...', index) || code === 0x2026)
				throw new RangeError('The program that wrote this table left most pixels out (“...”): use the original one.');
			const from = value < 0 ? index : start;
			throw notWhole(count, text.slice(from, from + 10));
		} else if (value >= 0) {
			if (count < PIXELS) pixels[count] = value;
			count++;
			value = -1;
		}
	}
	if (count !== PIXELS) throw new RangeError(`${PIXELS} pixels were expected, but there are ${count}.`);
	return pixels;
}

function notWhole(before: number, text: string): RangeError {
	return new RangeError(`Pixel ${before + 1} is not a whole number from 0 to 255: "${readable(text)}".`);
}
