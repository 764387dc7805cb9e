/** Labels in one text for each picture, as in CK+ ("*_emotion.txt") and for YOLO ("class x y width height"). */
import { labelNamed } from '../core/labels';
import { wordOf } from './columns';
import { finderOf } from './find-paths';
import { isNumber } from './folders';
import type { NamedBlob } from './tables';

export interface TextLabels {
	/** The label of each picture, by its path; several with ' / ' between them. */
	readonly labels: ReadonlyMap<string, string>;
	/** Paths of the files that were read. */
	readonly files: ReadonlySet<string>;
	/** What the texts are called. */
	readonly called: string;
}

const CK_PLUS = /_emotion\.txt$/i;
const TEXT = /(_emotion)?\.txt$/i;
const CLASS_NAMES = /(^|\/)(classes\.txt|[^/]*\.(names|ya?ml))$/i;
/** Larger ones are no labels. */
const MOST_BYTES = 65_536;
/** Files read at once. */
const AT_ONCE = 64;

/** The labels in those of `files` that have the name of a picture. */
export async function readTexts(files: readonly NamedBlob[], paths: readonly string[]): Promise<TextLabels> {
	const candidates = files.filter(({ name, file }) => TEXT.test(name) && file.size <= MOST_BYTES);
	const find = finderOf(candidates.length > 0 ? paths : []);
	const texts = candidates.flatMap(({ name, file }) => {
		// For YOLO, pictures and texts are in folders of these names.
		const stem = name.replace(TEXT, '').replace(/(^|\/)labels(?=\/)/i, '$1images');
		const path = find(stem);
		return path === undefined ? [] : [{ name, file, path }];
	});
	const classes = texts.length === 0 ? [] : await classNames(files);
	const labels = new Map<string, string>();
	for (let start = 0; start < texts.length; start += AT_ONCE) {
		const some = texts.slice(start, start + AT_ONCE);
		const read = await Promise.all(some.map(({ file }) => file.text()));
		for (const [index, { name, path }] of some.entries()) {
			const text = read[index] ?? '';
			const label = CK_PLUS.test(name) ? labelOfCk(text) : labelIn(text, classes);
			if (label !== undefined) labels.set(path, label);
		}
	}
	return {
		labels,
		files: new Set(texts.map(({ name }) => name)),
		called: texts.some(({ name }) => CK_PLUS.test(name)) ? '*_emotion.txt' : '*.txt'
	};
}

const linesIn = (text: string): string[] =>
	text
		.split(/[\r\n]+/)
		.map((line) => line.trim())
		.filter((line) => line !== '');

/** "   3.0000000e+00" */
function labelOfCk(text: string): string | undefined {
	const number = Number(text.trim() || NaN);
	return Number.isInteger(number) ? wordOf('ck', number) : undefined;
}

function labelIn(text: string, classes: readonly string[]): string | undefined {
	const lines = linesIn(text);
	const [only = ''] = lines;
	if (lines.length === 1 && (labelNamed(only) !== undefined || isNumber(only))) return only;
	const boxes = lines.map((line) => line.split(/\s+/));
	if (boxes.length === 0 || !boxes.every(isBox)) return undefined;
	return [...new Set(boxes.map(([number = '']) => classes[Number(number)] ?? number))].join(' / ');
}

/** A class, then a box or an outline in shares of the picture. */
const isBox = ([number = '', ...shares]: readonly string[]): boolean =>
	/^\d+$/.test(number) && shares.length >= 4 && shares.every((share) => Number(share) >= 0 && Number(share) <= 1);

/** The names of YOLO's classes by their numbers; none if files contradict each other. */
async function classNames(files: readonly NamedBlob[]): Promise<readonly string[]> {
	const found = new Map<string, readonly string[]>();
	for (const { name, file } of files) {
		if (!CLASS_NAMES.test(name) || file.size > MOST_BYTES) continue;
		const text = await file.text();
		const names = /\.ya?ml$/i.test(name) ? namesInYaml(text) : linesIn(text);
		if (names.length > 0) found.set(names.join('\n'), names);
	}
	const [only, ...others] = found.values();
	return others.length === 0 ? (only ?? []) : [];
}

/** "names: [a, b]", or with a line for each: "- a" or "0: a". */
function namesInYaml(text: string): string[] {
	const body = /^names:\s*(\[[^\]]*\]|\{[^}]*\}|(?:\s*\n\s*(?:-|\d+\s*:).*)+)/m.exec(text)?.[1] ?? '';
	const names: string[] = [];
	const entries = linesIn(body.replace(/^[[{]|[\]}]$/g, '').replaceAll(',', '\n'));
	for (const [index, entry] of entries.entries()) {
		const [, number = String(index), , name = ''] =
			/^(?:-\s*|(\d+)\s*:\s*)?(['"]?)(.*?)\2\s*(?:#.*)?$/.exec(entry) ?? [];
		names[Number(number)] = name;
	}
	return names;
}
