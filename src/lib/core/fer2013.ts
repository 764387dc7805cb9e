/** FER2013 as text, as people have it: columns in any order, under several names; labels as numbers or in words. */
import { labelNamed, type Numbering } from './labels';

/** What the numbers of the column "emotion" stand for. */
export const FER2013_LABELS = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'] as const;
/** Of its square pictures, in pixels. */
export const FER2013_SIDE = 48;
const PIXELS = FER2013_SIDE * FER2013_SIDE;
const NUMBERS: Numbering['labels'] = new Map(FER2013_LABELS.map((label, number) => [number, label]));

type Fer2013Label = (typeof FER2013_LABELS)[number];

/** Positions of the columns; some copies have no usage. */
export interface Fer2013Columns {
	readonly emotion: number;
	/** The column of all pixels, or the first of as many columns as there are pixels. */
	readonly pixels: number;
	readonly isSpread: boolean;
	readonly usage: number | null;
	/** How many columns the first line has. */
	readonly count: number;
}

export interface Fer2013Row {
	readonly label: Fer2013Label;
	/** [48, 48] grey values of 0..255. */
	readonly pixels: Uint8Array;
}

/** Names of columns in use, the usual one first; without case, spaces and signs. */
const COLUMNS = {
	emotion: ['emotion', 'emotions', 'label', 'labels', 'class', 'target', 'expression', 'emotionlabel', 'emotionid'],
	pixels: ['pixels', 'pixel', 'image', 'imagepixels', 'pixelvalues', 'data'],
	usage: ['usage', 'split', 'set', 'subset', 'partition']
} as const;

/** The names of the parts of FER2013, by their letters alone. */
const USAGES = new Map(['Training', 'PublicTest', 'PrivateTest'].map((usage) => [usage.toLowerCase(), usage]));

/** What separates fields, those in use most first. */
const SEPARATORS = [',', ';', '\t', '|', '，', '،', '~', ':', '\x01', ' '];
/** A field in quotes of any kind; those within it are doubled. */
const QUOTED = /^\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'|`([^`]*)`|“([^“”]*)”)\s*/;

/** What separates the fields of a table, by its first line. */
export function separatorOf(header: string): string {
	return SEPARATORS.find((each) => header.includes(each)) ?? ',';
}

/** The fields of one line of CSV, without the quotes around them, or around the whole line. */
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

/** Columns by the fields of the first line, whatever their case and spaces. Throws RangeError where one is missing. */
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

/** What a table is, by its names, that people take for FER2013's; null where it is unknown. */
function lacking(names: readonly string[]): string | null {
	const [first = ''] = names;
	if (names.includes('nf') && names.includes('contempt'))
		return 'This is the table of votes of FER+, which holds no pictures: choose fer2013.csv.';
	if (names.length === 1 && COLUMNS.pixels.some((name) => name === first))
		return 'This table has pictures and no labels, as test.csv of the challenge: choose fer2013.csv or train.csv.';
	// Which of so many numbers is the label cannot be told: a dark pixel may be one.
	if (names.filter((name) => /^\d+$/.test(name)).length > PIXELS)
		return 'This table has a column for each pixel, and no names: write a first line, as emotion,pixel0,pixel1 and on to pixel2303.';
	return null;
}

/**
 * Of a table whose first line is a row already: pixels, one label and, mostly, usage, in any order. Null where it is none,
 * or where several numbers may be the label.
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

/** Number of the first column of pixels and of the last one, as counted from 0 or 1, or by row and column. */
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

/** Fields of a row with its pixels in one of them, also where what separates them is what separates the fields. */
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

/** The usage of a row, the names of FER2013's parts in their usual spelling; null where the file does not tell. */
export function usageOf(fields: readonly string[], { usage }: Fer2013Columns): string | null {
	if (usage === null) return null;
	const text = (fields[usage] ?? '').trim();
	return USAGES.get(text.toLowerCase().replace(/[^\p{L}]/gu, '')) ?? text.slice(0, 40);
}

/** The number that a row has for its label, of one digit; null where it has none. */
export function labelNumberOf(fields: readonly string[], { emotion }: Fer2013Columns): number | null {
	return numberIn((fields[emotion] ?? '').trim());
}

/** The label, whose number means what `numbers` says, and the picture of a row. Throws RangeError that says what is wrong with it. */
export function parseRow(fields: readonly string[], columns: Fer2013Columns, numbers = NUMBERS): Fer2013Row {
	const label = parseLabel((fields[columns.emotion] ?? '').trim(), numbers);
	const { pixels } = columns;
	const text = columns.isSpread ? fields.slice(pixels, pixels + PIXELS).join(' ') : (fields[pixels] ?? '');
	return { label, pixels: parsePixels(text) };
}

/** What programs print around the numbers of an array. */
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
		throw new RangeError(`The label ${number} is none of the seven expressions.`);
	throw new RangeError(`The label must be a whole number from 0 to 6, but it is "${readable(text, 20)}".`);
}

/** What a message may show of a file that holds anything. */
function readable(text: string, length = 80): string {
	const shown = text.slice(0, length).replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '\uFFFD');
	return /\uFFFD.*\uFFFD/.test(shown) ? '(no text)' : shown;
}

/** By hand, as a whole file has 80 million of these numbers: between spaces or commas, also as "70.0". */
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
	return new RangeError(`Pixel ${before + 1} is no whole number of 0 to 255: "${readable(text)}".`);
}
