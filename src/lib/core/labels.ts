/** What published data sets of faces call the seven expressions, in words and in numbers. */

/**
 * Names in use: FER2013, FER+, CK+, RAF-DB, KDEF, JAFFE and others; then those in German, Spanish, French, Italian,
 * Portuguese, Polish, Russian, Turkish, Chinese, Japanese and Korean.
 */
const NAMES: Readonly<Record<string, string>> = {
	angry:
		'angry anger an ang wut wütend ärger zorn enojo enojado enfado enfadado ira colère fâché rabbia arrabbiato raiva zangado złość gniew злость гнев kızgın öfke 生气 愤怒 憤怒 怒り 분노',
	disgust:
		'disgust disgusted disgusting di dis ekel asco dégoût disgusto disgustato nojo wstręt obrzydzenie отвращение iğrenme tiksinme 厌恶 厭惡 嫌悪 혐오',
	fear: 'fear fearful afraid scared frightened fe fea angst furcht miedo temor peur paura medo strach lęk страх korku 恐惧 害怕 恐懼 恐怖 恐れ 공포 두려움',
	happy:
		'happy happiness joy joyful ha hap freude fröhlich glücklich felicidad feliz alegría joie heureux felicità felice alegria felicidade radość szczęście радость счастье mutlu mutluluk 高兴 开心 快乐 高興 開心 喜び 幸福 幸せ 행복 기쁨',
	sad: 'sad sadness sa trauer traurig tristeza triste tristesse tristezza smutek грусть печаль üzgün üzüntü 悲伤 伤心 难过 悲傷 悲しみ 슬픔',
	surprise:
		'surprise surprised su sur überraschung überrascht sorpresa sorprendido surpris sorpresa surpresa zaskoczenie zdziwienie удивление şaşkın şaşkınlık 惊讶 吃惊 驚訝 驚き 놀람',
	neutral: 'neutral neutrality ne neu neutro neutre neutrale neutralny нейтральный nötr 中性 自然 平静 中立 無表情 중립'
};

/** Without accents, of which Unicode takes none off the Turkish ı and the Polish ł; German vowels may be spelt out. */
const folded = (text: string): string =>
	text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ı', 'i').replaceAll('ł', 'l');
const spelledOut = (name: string): string => name.replace(/[äöü]/g, (vowel) => `${folded(vowel)}e`);

const LABELS = new Map(
	Object.entries(NAMES).flatMap(([label, names]) =>
		names.split(' ').flatMap((name) => [folded(name), folded(spelledOut(name))].map((each) => [each, label] as const))
	)
);

/** Words that say nothing about the expression: "happy_faces", "train-3-happy", "class happy". */
const FILLERS = new Set(
	'face faces image images img imgs picture pictures photo photos expression expressions emotion emotions class label the a of person people train training test testing val valid validation'.split(
		' '
	)
);

export interface NamedLabel {
	readonly label: string;
	/** False if the word is only close to a name of the label, like "suprise". */
	readonly exact: boolean;
}

/** A data set repeats a few names for each of its pictures. */
const remembered = new Map<string, NamedLabel | undefined>();
const MOST_REMEMBERED = 10_000;

/**
 * The label that a text names ("Happy", "happiness", "3_happy", "HappyFace", "suprise"); undefined if it names none or
 * several. Words of five or more letters may have one letter too many, missing, wrong or swapped.
 */
export function labelNamed(text: string): NamedLabel | undefined {
	if (!remembered.has(text)) {
		if (remembered.size >= MOST_REMEMBERED) remembered.clear();
		remembered.set(text, readLabel(text));
	}
	return remembered.get(text);
}

function readLabel(text: string): NamedLabel | undefined {
	const words = folded(text.replace(/(\p{Ll})(?=\p{Lu})/gu, '$1 '))
		.split(/[^\p{L}]+/u)
		.filter((word) => word !== '' && !FILLERS.has(word));
	const [word] = words;
	if (word === undefined || words.some((each) => each !== word)) return undefined;
	const label = LABELS.get(word);
	if (label !== undefined) return { label, exact: true };
	if (word.length < 5 || word.length > 20) return undefined;
	const near = new Set(
		[...LABELS].filter(([name]) => name.length >= 5 && name[0] === word[0] && isOneOff(word, name)).map(([, to]) => to)
	);
	const [only] = near;
	return near.size === 1 && only !== undefined ? { label: only, exact: false } : undefined;
}

/** Whether one letter is extra, missing, wrong, or swapped with its neighbour. */
function isOneOff(a: string, b: string): boolean {
	let start = 0;
	while (start < a.length && a[start] === b[start]) start++;
	const [restA, restB] = [a.slice(start), b.slice(start)];
	return (
		restA.slice(1) === restB ||
		restA === restB.slice(1) ||
		restA.slice(1) === restB.slice(1) ||
		(restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
	);
}

/** How a data set numbers its labels; null: an expression that the models do not know. */
export interface Numbering {
	readonly id: 'fer2013' | 'ferplus' | 'affectnet' | 'raf-db' | 'ck' | 'sorted' | 'sorted-with-contempt';
	readonly title: string;
	readonly labels: ReadonlyMap<number, string | null>;
	/** Usual folder names of this data set. */
	readonly called: RegExp;
}

const numbered = (from: number, labels: readonly (string | null)[]) =>
	new Map(labels.map((label, index) => [from + index, label]));

export const NUMBERINGS: readonly Numbering[] = [
	{
		id: 'fer2013',
		title: 'FER2013',
		labels: numbered(0, ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral']),
		called: /fer[\s_-]*(20)?13|expw/i
	},
	{
		id: 'ferplus',
		title: 'FER+',
		// Contempt, unknown, and no face.
		labels: numbered(0, ['neutral', 'happy', 'surprise', 'sad', 'angry', 'disgust', 'fear', null, null, null]),
		called: /fer(2013)?[\s_-]*(\+|plus)/i
	},
	{
		id: 'affectnet',
		title: 'AffectNet',
		// Contempt, none, uncertain, and no face.
		labels: numbered(0, ['neutral', 'happy', 'sad', 'surprise', 'fear', 'disgust', 'angry', null, null, null, null]),
		called: /affect[\s_-]*net/i
	},
	{
		id: 'raf-db',
		title: 'RAF-DB',
		labels: numbered(1, ['surprise', 'fear', 'disgust', 'happy', 'sad', 'angry', 'neutral']),
		called: /raf[\s_-]*db|\braf\b|list_patition_label|(train|test)_\d+_aligned/i
	},
	{
		id: 'ck',
		title: 'CK+',
		labels: numbered(0, ['neutral', 'angry', null, 'disgust', 'fear', 'happy', 'sad', 'surprise']),
		called: /\bck(\+|[\s_-]*plus)|cohn/i
	},
	// How Keras and PyTorch number folders, and how AffectNet is distributed for YOLO.
	{
		id: 'sorted',
		title: 'Names in alphabetical order',
		labels: numbered(0, ['angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise']),
		called: /alphabet/i
	},
	{
		id: 'sorted-with-contempt',
		title: 'Names in alphabetical order, with contempt',
		labels: numbered(0, ['angry', null, 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise']),
		called: /yolo|alphabet.*contempt/i
	}
];

/** Data sets that have all of these numbers; the one named in one of `paths` comes first. */
export function numberingsOf(numbers: readonly number[], paths: readonly string[]): Numbering[] {
	const fitting = NUMBERINGS.filter(({ labels }) => numbers.every((number) => labels.has(number)));
	// FER+ is also called FER2013+: the more specific name wins.
	const named = fitting.findLast(({ called }) => paths.some((path) => called.test(path)));
	return named === undefined ? fitting : [named, ...fitting.filter((each) => each !== named)];
}
