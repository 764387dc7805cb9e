import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Classifier, Frame } from '../../../src/lib/core/types';
import type {
	BenchmarkProgress,
	BenchmarkRequest,
	FromTask,
	LabelledFile,
	ToTask
} from '../../../src/lib/protocol/tasks';
import { runBenchmark } from '../../../src/lib/worker/benchmark';
import { TaskControl } from '../../../src/lib/worker/task-control';
import { serveTask, type TaskPort } from '../../../src/lib/worker/tasks';

const POINT = { x: 20, y: 20 };
const FACE = {
	box: { x: 20, y: 20, width: 60, height: 60 },
	landmarks: { rightEye: POINT, leftEye: { x: 60, y: 20 }, nose: POINT, mouth: POINT, rightEar: POINT, leftEar: POINT },
	confidence: 0.9
};

/** Calls a picture "happy" if its left half is bright, and "sad" otherwise. */
function createClassifier(id: string, size: number): Classifier {
	return {
		id,
		labels: ['happy', 'sad'],
		input: { size, channels: 1, range: [0, 1], crop: { scale: 1, shift: [0, 0], align: false } },
		classify: (batch, count) =>
			Promise.resolve(
				Array.from({ length: count }, (_, face) => {
					const left = batch[face * size * size + 1] ?? 0;
					return [0.1 + 0.8 * left, 0.9 - 0.8 * left];
				})
			)
	};
}

/** A picture with one value in its left half and another in its right half. */
const halves = (left: number, right: number) =>
	Array.from({ length: 48 * 48 }, (_, index) => (index % 48 < 24 ? left : right));

function csvOf(rows: readonly (readonly [emotion: number, pixels: readonly number[], usage: string])[]): string {
	return [
		'emotion,pixels,Usage',
		...rows.map(([emotion, pixels, usage]) => `${emotion},${pixels.join(' ')},${usage}`)
	].join('\n');
}

const CSV = csvOf([
	[3, halves(255, 0), 'Training'],
	[3, halves(255, 0), 'PrivateTest'],
	[3, halves(0, 255), 'PrivateTest'],
	[4, halves(0, 0), 'PrivateTest'],
	[9, halves(0, 0), 'PrivateTest'],
	[4, halves(255, 255), 'PublicTest']
]);

/** Pictures of the size given by their content; "face" or "scene". */
function decode(file: Blob): Promise<Frame> {
	return file.text().then((text) => {
		const side = Number(text);
		if (!(side > 0)) throw new Error('no picture');
		return { width: side, height: side, data: new Uint8ClampedArray(4 * side * side).fill(255) };
	});
}

async function run(
	request: Omit<BenchmarkRequest, 'models' | 'prior'>,
	{ sizes = [48], priorRatio }: { sizes?: readonly number[]; priorRatio?: readonly number[] } = {}
) {
	const told: BenchmarkProgress[] = [];
	let nowMs = 0;
	const finished = await runBenchmark(
		{ models: [], prior: 'training', ...request },
		{
			detector: { detect: ({ width }) => Promise.resolve(width > 200 ? [] : [FACE]) },
			classifiers: sizes.map((size) => createClassifier(`size-${size}`, size)),
			priorRatio: () => priorRatio,
			exclusively: (task) => task(),
			decode,
			control: new TaskControl(() => (nowMs += 100)),
			tell: (progress) => told.push(structuredClone(progress))
		}
	);
	return { finished, told, last: told.at(-1), problems: told.flatMap(({ problems }) => problems) };
}

const confusions = (progress: BenchmarkProgress | undefined) => progress?.tallies.map(({ confusion }) => confusion);

describe('the benchmark of a FER2013 file', () => {
	const rowsOf = (...usages: string[]) => ({
		table: null,
		usages: usages.length === 0 ? null : usages,
		title: usages.join()
	});
	const source = { kind: 'csv', rows: rowsOf('PrivateTest'), numbering: null } as const;
	const files = (file: Blob) => [{ name: 'fer2013.csv', file }];

	it('counts the rows of its split, and lists damaged ones', async () => {
		const file = new Blob([CSV]);
		const { finished, last, problems } = await run({ mirrored: false, source: { ...source, files: files(file) } });
		expect(finished).toBe(true);
		expect(last).toMatchObject({ phase: 'running', done: 3, total: 3 });
		expect(confusions(last)).toEqual([
			[
				[1, 1],
				[0, 1]
			]
		]);
		expect(problems).toEqual([
			{ kind: 'unreadable', name: 'Line 6', detail: expect.stringContaining('from 0 to 6, but it is "9"') as string }
		]);
	});

	it('reads it the same gzipped, and in other splits', async () => {
		const file = new Blob([gzipSync(CSV)]);
		const count = async (...usages: string[]) =>
			(
				await run({
					mirrored: false,
					source: { kind: 'csv', files: files(file), rows: rowsOf(...usages), numbering: null }
				})
			).last?.done;
		expect(await count('PrivateTest')).toBe(3);
		expect(await count('PublicTest')).toBe(1);
		expect(await count('PublicTest', 'PrivateTest')).toBe(4);
		expect(await count('Training')).toBe(1);
		expect(await count()).toBe(5);
	});

	it('also shows it mirrored if asked, at the input size of each model', async () => {
		const file = new Blob([CSV]);
		const { last } = await run({ mirrored: true, source: { ...source, files: files(file) } }, { sizes: [48, 24] });
		// A picture with one bright half is now both at once: the first label wins the tie.
		const even = [
			[2, 0],
			[0, 1]
		];
		expect(confusions(last)).toEqual([even, even]);
	});

	it('multiplies the odds of the mean, not those of each view', async () => {
		const file = new Blob([csvOf([[3, halves(255, 128), 'PrivateTest']])]);
		// Views of 0.9 and 0.5: their mean of 0.7 to 0.3 becomes 0.7 to 0.75; each alone would give 0.53 to 0.47.
		const { last } = await run({ mirrored: true, source: { ...source, files: files(file) } }, { priorRatio: [1, 2.5] });
		expect(confusions(last)?.[0]?.[0]).toEqual([0, 1]);
	});

	it.each([
		['', 'empty'],
		['a,b\n1,2', 'The first line must name the columns emotion and pixels'],
		[`3${',7'.repeat(48 * 48)}`, 'This table has a column for each pixel but no column names'],
		[csvOf([[3, halves(0, 0), 'Training']]), 'no row of PrivateTest']
	])('refuses one that holds nothing of use', async (text, message) => {
		const running = run({ mirrored: false, source: { ...source, files: files(new Blob([text])) } });
		await expect(running).rejects.toMatchObject({
			code: 'data-unreadable',
			message: expect.stringContaining(message) as string
		});
	});

	it('refuses one that is truncated', async () => {
		const file = new Blob([gzipSync(CSV).subarray(0, 60)]);
		await expect(run({ mirrored: false, source: { ...source, files: files(file) } })).rejects.toMatchObject({
			code: 'data-unreadable'
		});
	});
});

describe('the benchmark of pictures', () => {
	const fileOf = (name: string, content: string, label = 'happy'): LabelledFile => ({
		name,
		label,
		file: new Blob([content])
	});
	const files = [
		fileOf('crop', '48'),
		fileOf('photo', '100', 'sad'),
		fileOf('landscape', '300'),
		fileOf('text', 'hello'),
		fileOf('empty', '')
	];

	it('takes small ones as faces and runs the detector on others; unusable ones are listed', async () => {
		const { last, problems } = await run({ mirrored: false, source: { kind: 'pictures', files, show: 'auto' } });
		expect(last).toMatchObject({ done: 5, total: 5 });
		expect(confusions(last)).toEqual([
			[
				[1, 0],
				[1, 0]
			]
		]);
		expect(problems.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
			{ kind: 'unreadable', name: 'empty', detail: 'The file is empty.' },
			{ kind: 'no-face', name: 'landscape', detail: 'No face was found.' },
			{ kind: 'unreadable', name: 'text', detail: 'no picture' }
		]);
	});

	it('reads them in random order, so that early figures cover all labels', async () => {
		const many = Array.from({ length: 200 }, (_, index) => fileOf(String(index), '48', index < 100 ? 'happy' : 'sad'));
		const { told } = await run({ mirrored: false, source: { kind: 'pictures', files: many, show: 'auto' } });
		const early = told.find(({ done }) => done >= 40)?.tallies[0]?.confusion ?? [];
		const [happy = 0, sad = 0] = early.map((row) => row.reduce((sum, count) => sum + count, 0));
		expect(Math.min(happy, sad)).toBeGreaterThan(8);
	});

	it('counts repeated pictures each time, and reports them and those with differing labels', async () => {
		const source = {
			kind: 'pictures',
			show: 'auto',
			files: [
				...[fileOf('crop', '48'), fileOf('its copy', '48'), fileOf('other', '47'), fileOf('photo', '100')],
				...[fileOf('photo again', '100', 'sad'), fileOf('no face', '300'), fileOf('no face again', '300')],
				fileOf('photo once more', '100', 'sad')
			]
		} as const;
		const { last } = await run({ mirrored: false, source });
		expect(last?.repeats).toEqual({ all: 3, otherwise: 1 });
		expect(last?.tallies[0]?.n).toBe(6);
	});

	it('takes them as faces or photos if told so', async () => {
		const faces = await run({ mirrored: false, source: { kind: 'pictures', files, show: 'faces' } });
		expect(faces.problems.map(({ name }) => name).sort()).toEqual(['empty', 'text']);
		const photos = await run({
			mirrored: false,
			source: { kind: 'pictures', files: [fileOf('a', '300')], show: 'photos' }
		});
		expect(photos.problems.map(({ kind }) => kind)).toEqual(['no-face']);
	});
});

describe('a task of the worker', () => {
	/** A port whose other end is the test. */
	function serve() {
		const sent: FromTask[] = [];
		const all = { released: 0, closed: 0 };
		const port: TaskPort = { postMessage: (message) => sent.push(message), close: () => all.closed++, onmessage: null };
		let nowMs = 0;
		serveTask(port, {
			detector: { detect: () => Promise.resolve([FACE]) },
			registry: {
				classifier: (id) =>
					id === 'none' ? Promise.reject(new Error('offline')) : Promise.resolve(createClassifier(id, 48)),
				priorRatio: (_, prior, use) => (prior === 'everyday' && use === 'photo' ? [1, 99] : undefined),
				hold: () => () => all.released++
			},
			exclusively: (task) => task(),
			decode,
			now: () => (nowMs += 100)
		});
		const send = (data: ToTask) => void port.onmessage?.({ data } as MessageEvent<ToTask>);
		const wait = async (type: FromTask['type']) => {
			while (!sent.some((message) => message.type === type)) await new Promise((resolve) => setTimeout(resolve));
		};
		return Object.assign(all, { sent, send, wait });
	}

	const request: BenchmarkRequest = {
		models: ['a'],
		mirrored: false,
		prior: 'everyday',
		source: {
			kind: 'pictures',
			show: 'faces',
			files: Array.from({ length: 20 }, (_, index) => ({ name: String(index), label: 'happy', file: new Blob(['48']) }))
		}
	};

	it('measures one model after another', async () => {
		const task = serve();
		task.send({ type: 'speed', models: ['a', 'b'] });
		await task.wait('done');
		const speeds = task.sent.flatMap((message) => (message.type === 'speed' ? [message.speed] : []));
		expect(speeds.map(({ model }) => model)).toEqual(['a', 'b']);
		expect(speeds[0]?.medianMs).toBe(100);
		expect(speeds[0]?.runs).toBeGreaterThanOrEqual(5);
		expect(task).toMatchObject({ released: 1, closed: 1 });
	});

	it.each([
		['everyday', 1],
		['training', 0]
	] as const)('expects the label frequencies of %s pictures', async (prior, said) => {
		const task = serve();
		task.send({ type: 'benchmark', request: { ...request, prior } });
		await task.wait('done');
		const last = task.sent.at(-2);
		const [tally] = last?.type === 'progress' ? last.progress.tallies : [];
		expect(tally?.confusion[0]?.[said]).toBe(20);
	});

	it('stops while paused, then runs to its end', async () => {
		const task = serve();
		task.send({ type: 'benchmark', request });
		task.send({ type: 'pause' });
		for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve));
		expect(task.sent.some(({ type }) => type === 'done')).toBe(false);
		task.send({ type: 'resume' });
		await task.wait('done');
		expect(task.sent.at(-1)).toEqual({ type: 'done', cancelled: false });
		expect(task.sent.at(-2)).toMatchObject({ type: 'progress', progress: { done: 20 } });
	});

	it('ends when cancelled, even in a pause, and frees the models', async () => {
		const task = serve();
		task.send({ type: 'benchmark', request });
		task.send({ type: 'pause' });
		task.send({ type: 'cancel' });
		await task.wait('done');
		expect(task.sent.at(-1)).toEqual({ type: 'done', cancelled: true });
		expect(task).toMatchObject({ released: 1, closed: 1 });
	});

	it('says why it failed', async () => {
		const task = serve();
		task.send({ type: 'benchmark', request: { ...request, models: ['none'] } });
		await task.wait('failed');
		expect(task.sent).toEqual([
			{ type: 'failed', failure: { code: 'analysis-failed', message: 'offline', said: null } }
		]);
		expect(task).toMatchObject({ released: 1, closed: 1 });
	});
});
