/** Which columns of a list say the label of a picture, and how. */
import { labelNamed, NUMBERINGS, type Numbering } from '../core/labels';
import { isNumber } from './folders';

/** The label in the fields of a row; '' if it has none, several with ' / ' between them. */
export type ReadLabel = (fields: readonly string[]) => string;

/** The name of the label column, or part of it; lower case, letters only. */
const LABEL_NAMES = /^(class|target|category|y|expr)(id|idx|index)?$|label|emotion|expression/;
/** Names of columns whose numbers are no labels, in the same spelling. */
const OTHER_NAMES =
	/^(id|index|no|nr|gender|sex|age|race|fold|split|usage|subject|person|user|face|width|height)(id)?$/;
/** Names of columns beside those of the expressions that may get most votes as well, in the same spelling. */
const NO_EXPRESSION = /^(contempt|contemptuous|unknown|nf|noface|notface|notaface|none|others?|uncertain|unsure)$/;
/** The columns of votes in FER+, whose own lists do not name them. */
const FER_PLUS = 'neutral happiness surprise sadness anger disgust fear contempt unknown NF'.split(' ');

const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}]/gu, '');

/** What a number means in a data set, in words. */
export function wordOf(id: Numbering['id'], number: number): string {
	const label = NUMBERINGS.find((each) => each.id === id)?.labels.get(number);
	return label === null ? 'contempt' : (label ?? String(number));
}

/** How to read labels of rows like those of `sample`, whose first may be column names; if that is unclear, why. */
export function labelReader(
	sample: readonly (readonly string[])[],
	nameAt: number,
	isName: (field: string) => boolean
): ReadLabel | string {
	const [head = []] = sample;
	const hasHead = !isName(head[nameAt] ?? '');
	const rows = hasHead ? sample.slice(1) : sample;
	const known = publishedReader(rows);
	if (known !== null) return known;
	const share = (at: number, is: (field: string) => boolean): number =>
		rows.filter((row) => is(row[at] ?? '')).length / Math.max(1, rows.length);
	const isWord = (field: string): boolean => labelNamed(field)?.exact === true;
	const others = head.map((_, at) => at).filter((at) => at !== nameAt);
	const expressions = hasHead ? others.filter((at) => labelNamed(head[at] ?? '')?.exact === true) : [];
	const called = others.filter((at) => hasHead && !expressions.includes(at) && LABEL_NAMES.test(plain(head[at] ?? '')));
	// Some lists have both the label in words and its number.
	const named = called.find((at) => share(at, isWord) > 0.5) ?? called.find((at) => share(at, isNumber) > 0.5);
	if (named !== undefined) return (fields) => fields[named] ?? '';
	if (new Set(expressions.map((at) => labelNamed(head[at] ?? '')?.label)).size > 1)
		return scoreReader(
			rows,
			others.filter((at) => expressions.includes(at) || NO_EXPRESSION.test(plain(head[at] ?? ''))),
			head
		);
	const isOther = (at: number): boolean => hasHead && OTHER_NAMES.test(plain(head[at] ?? ''));
	const words = others.filter((at) => !expressions.includes(at) && share(at, isWord) > 0.5);
	// One of several columns of numbers may be anything, as the numbers of faces.
	const numbers = others.filter((at) => !expressions.includes(at) && !isOther(at) && share(at, isScore) > 0.5);
	const [only, ...more] = words.length > 0 ? words : numbers;
	if (more.length > 0) return 'several columns may hold the labels: call the right one “label”';
	if (only === undefined || (words.length === 0 && share(only, isNumber) <= 0.5))
		return called.length > 0
			? 'its labels are neither expressions in words, like “happy”, nor numbers up to 9'
			: 'no column holds labels: add one called “label”';
	return (fields) => fields[only] ?? '';
}

/** For lists of published data sets without column names, known by the shape of their rows; null for others. */
function publishedReader(rows: readonly (readonly string[])[]): ReadLabel | null {
	const all = (is: (fields: readonly string[]) => boolean): boolean => rows.length > 0 && rows.every(is);
	if (all(isOfExpW)) return (fields) => (isOfExpW(fields) ? wordOf('fer2013', Number(fields[7])) : '');
	// Name, box, and the votes.
	if (all((fields) => fields.length === 12 && /^\(.*\)$/.test(fields[1] ?? '') && fields.slice(2).every(isCount)))
		return greatest(FER_PLUS.map((name, index) => ({ name, at: index + 2 })));
	return null;
}

const isCount = (field: string): boolean => /^\d+$/.test(field);

/** ExpW: name, number of the face, top, left, right and bottom of its box, confidence, label from 0 to 6. */
function isOfExpW(fields: readonly string[]): boolean {
	const [, face = '', top, left, right, bottom, confidence = '', label = ''] = fields;
	return (
		fields.length === 8 &&
		isCount(face) &&
		Number(top) < Number(bottom) &&
		Number(left) < Number(right) &&
		isScore(confidence) &&
		/^[0-6]$/.test(label)
	);
}

const isScore = (field: string): boolean => field !== '' && Number.isFinite(scoreIn(field));

/** For a column with 0 and 1, votes or probabilities for each expression. */
function scoreReader(
	rows: readonly (readonly string[])[],
	columns: readonly number[],
	head: readonly string[]
): ReadLabel | string {
	const cells = rows.flatMap((row) => columns.map((at) => scoreIn(row[at] ?? '')));
	if (cells.some((cell) => !Number.isFinite(cell)))
		return 'its columns of expressions hold more than numbers: add a column called “label”';
	const isOneHot = cells.every((cell) => cell === 0 || cell === 1);
	// Ratings of a face at rest are low for every expression, and the greatest of them says nothing.
	if (!isOneHot && !columns.some((at) => labelNamed(head[at] ?? '')?.label === 'neutral'))
		return 'it rates expressions, but has no column for neutral: add a column called “label”';
	return greatest(columns.map((at) => ({ name: head[at] ?? '', at })));
}

/** The name of the column with the greatest number; of all of them if they are equal. */
const greatest =
	(columns: readonly { readonly name: string; readonly at: number }[]): ReadLabel =>
	(fields) => {
		const scores = columns.map(({ at }) => scoreIn(fields[at] ?? ''));
		const most = Math.max(...scores);
		// All 0: none was chosen.
		const best = most === Math.min(...scores) ? [] : columns.filter((_, index) => scores[index] === most);
		return best.map(({ name }) => name).join(' / ');
	};

/** A number, also with a decimal comma, a truth value, or 0 for an empty field; NaN for anything else. */
function scoreIn(field: string): number {
	if (/^true$/i.test(field)) return 1;
	if (/^false$/i.test(field)) return 0;
	return Number(field.replace(',', '.'));
}
