/** Measures models on a visitor's pictures, with the same preprocessing and metrics as the evaluation in Node. */
import { analyse, INITIAL_STATE } from '../core/analyse';
import { CROP_SIDE_PX, LARGEST_FACE } from '../core/labelled-pictures';
import { withMirrorImage } from '../core/mirror';
import { FER2013_SIDE } from '../core/fer2013';
import { summarise } from '../core/metrics';
import { withPrior } from '../core/prior';
import { raiseContrast } from '../core/contrast';
import { grayFrame, sampleSquare, toModelInput } from '../core/preprocess';
import { indexOfGreatest } from '../core/scores';
import { shuffled } from '../core/shuffle';
import type { Classifier, FaceDetector, Frame, Scores } from '../core/types';
import { AppError } from '../errors';
import type { BenchmarkProgress, BenchmarkRequest, LabelledFile, PictureKind, Problem } from '../protocol/tasks';
import type { TaskControl } from './task-control';

/** Rows of a file classified at once. */
const BATCH = 32;
/** Least time between messages. */
const TELL_EVERY_MS = 150;

export interface BenchmarkTools {
	readonly detector: FaceDetector;
	/** With labels weighted as in training. */
	readonly classifiers: readonly Classifier[];
	/** The ratio for `withPrior` for the classifier with that id. */
	readonly priorRatio: (id: string) => readonly number[] | undefined;
	readonly exclusively: <T>(task: () => Promise<T>) => Promise<T>;
	/** The pixels of a picture's file. Rejects if it cannot be read. */
	readonly decode: (file: Blob) => Promise<Frame>;
	readonly control: TaskControl;
	readonly tell: (progress: BenchmarkProgress) => void;
}

/** Runs to the end, or until cancelled; true unless cancelled. Throws AppError 'data-unreadable'. */
export async function runBenchmark(request: BenchmarkRequest, tools: BenchmarkTools): Promise<boolean> {
	const looks = tools.classifiers.map((each) => {
		const { id } = each;
		const look = request.mirrored ? withMirrorImage(id, each, { temperature: 1 }) : each;
		return withPrior(look, tools.priorRatio(id));
	});
	const { source } = request;
	const run = new Run(looks, tools);
	return source.kind === 'csv'
		? classifyRows(await readRows(source, run), run)
		: classifyPictures(source.files, source.show, run);
}

interface Row {
	readonly label: string;
	readonly pixels: Uint8Array;
}

/** Null if cancelled. Throws AppError if there are no rows. */
async function readRows(
	{ files, rows: choice, numbering }: Extract<BenchmarkRequest['source'], { kind: 'csv' }>,
	run: Run
): Promise<Row[] | null> {
	run.begin(
		'reading',
		files.reduce((sum, { file }) => sum + file.size, 0)
	);
	// Loaded on demand, as few visitors need it.
	const { openTables } = await import('../data-sets/tables');
	const rows: Row[] = [];
	let fault: string | null = null;
	const skip = (name: string, detail: string) => run.report({ kind: 'no-table', name, detail });
	for await (const table of openTables(files, (done) => run.doneTo(done), skip)) {
		if (choice.table !== null && choice.table !== table.name) continue;
		for await (const { line, usage, parse } of table.rows) {
			if (choice.usages?.includes(usage) === false) continue;
			try {
				rows.push(parse(numbering?.labels));
			} catch (error) {
				const name = files.length === 1 && choice.table === null ? `Line ${line}` : `${table.name}, line ${line}`;
				run.report({ kind: 'unreadable', name, detail: describe(error) });
				fault ??= `line ${line}: ${describe(error)}`;
			}
			if (run.isDue() && !(await run.step())) return null;
		}
	}
	// Shuffled: if rows are sorted by label, early figures would say nothing about the final ones.
	if (rows.length > 0) return shuffled(rows);
	throw new AppError('data-unreadable', fault ?? `there is no row of ${choice.title}`);
}

async function classifyRows(rows: readonly Row[] | null, run: Run): Promise<boolean> {
	if (rows === null) return false;
	run.begin('running', rows.length);
	for (let start = 0; start < rows.length; start += BATCH) {
		const part = rows.slice(start, start + BATCH);
		await run.classify(
			part.map(({ label }) => label),
			part.map(
				({ pixels }) =>
					(size) =>
						scaled(pixels, size)
			)
		);
		if (!(await run.step())) return false;
	}
	run.finish();
	return true;
}

async function classifyPictures(files: readonly LabelledFile[], show: PictureKind, run: Run): Promise<boolean> {
	run.begin('running', files.length);
	for (const { name, label, file } of shuffled(files)) {
		const fault = await run.look(file, label, show);
		if (fault !== null) run.report({ ...fault, name });
		if (!(await run.step())) return false;
	}
	run.finish();
	return true;
}

/** A face as grey values of 0..255, [size, size], at the size that a model needs. */
type Crop = (size: number) => Uint8Array | Float32Array;

class Run {
	readonly #tools: BenchmarkTools;
	readonly #looks: readonly Classifier[];
	readonly #confusions: readonly number[][][];
	readonly #labelsOfPictures = new Map<string, readonly string[]>();
	#problems: Problem[] = [];
	#repeats = { all: 0, otherwise: 0 };
	#phase: BenchmarkProgress['phase'] = 'loading';
	#done = 0;
	#total = 0;
	#beganMs = 0;
	#toldMs = -Infinity;

	constructor(looks: readonly Classifier[], tools: BenchmarkTools) {
		this.#tools = tools;
		this.#looks = looks;
		this.#confusions = looks.map(({ labels }) => labels.map(() => labels.map(() => 0)));
	}

	begin(phase: BenchmarkProgress['phase'], total: number): void {
		this.#phase = phase;
		this.#done = 0;
		this.#total = total;
		this.#beganMs = this.#tools.control.workedMs();
		this.#tell();
	}

	doneTo(done: number): void {
		this.#done = done;
	}

	report(problem: Problem): void {
		this.#problems.push(problem);
	}

	isDue(): boolean {
		return this.#tools.control.workedMs() - this.#toldMs >= TELL_EVERY_MS;
	}

	/** Reports progress if due; false if cancelled. */
	step(): Promise<boolean> {
		if (this.isDue()) this.#tell();
		return this.#tools.control.step();
	}

	finish(): void {
		this.#tell();
	}

	/** Classifies and counts crops, with one label each. */
	async classify(labels: readonly string[], crops: readonly Crop[]): Promise<void> {
		for (const [index, look] of this.#looks.entries()) {
			const { size, channels, leastContrast } = look.input;
			const length = size * size * channels;
			const batch = new Float32Array(crops.length * length);
			for (const [row, crop] of crops.entries())
				toModelInput(raiseContrast(crop(size), leastContrast), look.input, batch, row * length);
			const rows = await this.#tools.exclusively(() => look.classify(batch, crops.length));
			for (const [row, label] of labels.entries()) this.#count(index, label, rows[row]);
		}
		this.#done += crops.length;
	}

	/** Counts the largest face of a picture; returns what is wrong with it, or null. */
	async look(file: Blob, label: string, show: PictureKind): Promise<Omit<Problem, 'name'> | null> {
		let frame: Frame;
		try {
			frame = await this.#tools.decode(file);
		} catch (error) {
			this.#done++;
			return { kind: 'unreadable', detail: file.size === 0 ? 'The file is empty.' : describe(error) };
		}
		const picture = `${file.size} ${fingerprint(frame)}`;
		const side = Math.max(frame.width, frame.height);
		if (show === 'faces' || (show === 'auto' && side <= CROP_SIDE_PX)) {
			const square = { centre: { x: frame.width / 2, y: frame.height / 2 }, side, angle: 0 };
			await this.classify([label], [(size) => sampleSquare(frame, square, size)]);
			this.#noteRepeat(picture, label);
			return null;
		}
		this.#done++;
		const { detector, exclusively } = this.#tools;
		const models = { detector, classifiers: this.#looks, now: () => 0 };
		const { result } = await exclusively(() => analyse(frame, models, LARGEST_FACE, INITIAL_STATE));
		const [face] = result.faces;
		if (face === undefined) return { kind: 'no-face', detail: 'No face was found.' };
		for (const [index, { id }] of this.#looks.entries()) this.#count(index, label, face.readings[id]?.scores);
		this.#noteRepeat(picture, label);
		return null;
	}

	#noteRepeat(picture: string, label: string): void {
		const labels = this.#labelsOfPictures.get(picture);
		const isNew = labels?.includes(label) !== true;
		if (isNew) this.#labelsOfPictures.set(picture, [...(labels ?? []), label]);
		if (labels === undefined) return;
		const { all, otherwise } = this.#repeats;
		this.#repeats = { all: all + 1, otherwise: otherwise + (isNew ? 1 : 0) };
	}

	#count(look: number, label: string, scores: Scores | undefined): void {
		const truth = this.#looks[look]?.labels.indexOf(label) ?? -1;
		const counts = this.#confusions[look]?.[truth];
		const said = scores === undefined ? -1 : indexOfGreatest(scores);
		// A label that the model does not know is not counted.
		if (counts?.[said] !== undefined) counts[said]++;
	}

	#tell(): void {
		const workedMs = this.#tools.control.workedMs();
		this.#toldMs = workedMs;
		this.#tools.tell({
			phase: this.#phase,
			done: this.#done,
			total: this.#total,
			elapsedMs: workedMs - this.#beganMs,
			tallies: this.#looks.map(({ id, labels }, index) => {
				const confusion = this.#confusions[index] ?? [];
				return { model: id, labels, confusion, ...summarise(confusion) };
			}),
			problems: this.#problems.splice(0),
			repeats: this.#repeats
		});
	}
}

/** Number of pixels in a picture's fingerprint: no two photos agree in so many. */
const FINGERPRINT_PIXELS = 4096;

/** Two hashes over pixels (FNV-1a) and the size. */
function fingerprint({ width, height, data }: Frame): string {
	const pixels = width * height;
	const step = Math.max(1, Math.floor(pixels / FINGERPRINT_PIXELS));
	let [first, second] = [0x811c9dc5, 0x01000193];
	for (let pixel = 0; pixel < pixels; pixel += step) {
		for (let at = 4 * pixel; at < 4 * pixel + 3; at++) {
			first = Math.imul(first ^ (data[at] ?? 0), 0x01000193);
			second = Math.imul(second ^ (data[at] ?? 0), 0x01000197);
		}
	}
	return `${width} ${height} ${first} ${second}`;
}

/** A FER2013 picture at a model's size; unchanged if the sizes agree. */
function scaled(pixels: Uint8Array, size: number): Uint8Array | Float32Array {
	const side = FER2013_SIDE;
	if (size === side) return pixels;
	const square = { centre: { x: side / 2, y: side / 2 }, side, angle: 0 };
	return sampleSquare(grayFrame(pixels, side), square, size);
}

function describe(error: unknown): string {
	if (error instanceof AppError && error.said !== null) return error.said;
	return error instanceof Error && error.message !== '' ? error.message : 'It could not be read as a picture.';
}
