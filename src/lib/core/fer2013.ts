/** FER2013 as text: `fer2013.csv`, with its columns in any order, and `icml_face_data.csv`. */

/** What the numbers of the column "emotion" stand for. */
export const FER2013_LABELS = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'] as const;
/** Of its square pictures, in pixels. */
export const FER2013_SIDE = 48;
const PIXELS = FER2013_SIDE * FER2013_SIDE;

/** Positions of the columns; some copies have no usage. */
export interface Fer2013Columns {
	readonly emotion: number;
	readonly pixels: number;
	readonly usage: number | null;
}

export interface Fer2013Row {
	readonly label: (typeof FER2013_LABELS)[number];
	/** [48, 48] grey values of 0..255. */
	readonly pixels: Uint8Array;
}

/** The fields of one line of CSV, without the quotes around them. */
export function splitFields(line: string): string[] {
	if (!line.includes('"')) return line.split(',');
	const fields = `,${line}`.matchAll(/,(?:\s*"((?:[^"]|"")*)"\s*(?=,|$)|([^,]*))/g);
	return Array.from(fields, ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
}

/** Columns by the fields of the first line, whatever their case and spaces. Throws RangeError where one is missing. */
export function columnsOf(header: readonly string[]): Fer2013Columns {
	const names = header.map((name) =>
		name
			.replace(/^\uFEFF/, '')
			.trim()
			.toLowerCase()
	);
	const [emotion, pixels, usage] = [names.indexOf('emotion'), names.indexOf('pixels'), names.indexOf('usage')];
	if (emotion < 0 || pixels < 0) {
		throw new RangeError(
			`The first line must name the columns emotion and pixels, but it is "${header.join(',').slice(0, 80)}".`
		);
	}
	return { emotion, pixels, usage: usage < 0 ? null : usage };
}

/** The usage of a row ("Training", "PublicTest" or "PrivateTest"), or null where the file does not tell. */
export function usageOf(fields: readonly string[], { usage }: Fer2013Columns): string | null {
	return usage === null ? null : (fields[usage] ?? '').trim();
}

/** The label and the picture of a row. Throws RangeError that says what is wrong with it. */
export function parseRow(fields: readonly string[], columns: Fer2013Columns): Fer2013Row {
	const number = (fields[columns.emotion] ?? '').trim();
	const label = /^\d$/.test(number) ? FER2013_LABELS[Number(number)] : undefined;
	if (label === undefined) {
		throw new RangeError(`The label must be a whole number from 0 to 6, but it is "${number.slice(0, 20)}".`);
	}
	return { label, pixels: parsePixels(fields[columns.pixels] ?? '') };
}

/** By hand, as a whole file has 80 million of these numbers. */
function parsePixels(text: string): Uint8Array {
	const pixels = new Uint8Array(PIXELS);
	let count = 0;
	let value = -1;
	for (let index = 0; index <= text.length; index++) {
		const digit = text.charCodeAt(index) - 48;
		if (digit >= 0 && digit <= 9) {
			value = value < 0 ? digit : value * 10 + digit;
			if (value > 255) throw new RangeError(`Pixel ${count + 1} is greater than 255.`);
		} else if (text.charCodeAt(index) > 32) {
			throw new RangeError(`Pixel ${count + 1} is no whole number: "${text.slice(index, index + 10)}".`);
		} else if (value >= 0) {
			if (count < PIXELS) pixels[count] = value;
			count++;
			value = -1;
		}
	}
	if (count !== PIXELS) throw new RangeError(`${PIXELS} pixels were expected, but there are ${count}.`);
	return pixels;
}
