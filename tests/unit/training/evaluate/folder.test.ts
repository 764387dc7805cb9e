import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { FER2013_CROP } from '../../../../src/lib/core/crop';
import { FER2013_LABELS } from '../../../../src/lib/core/fer2013';
import type { Classifier, DetectedFace, FaceDetector } from '../../../../src/lib/core/types';
import { describeLabels } from '../../../../training/commands/describe';
import { readLabelledFolder } from '../../../../training/data/labelled-folder';
import { classifyFolder } from '../../../../training/evaluate/folder';
import { folderFigures, groupBy } from '../../../../training/evaluate/folder-figures';
import { UserError } from '../../../../training/lib/errors';
import { temporaryFolder } from '../temporary-folder';

const dir = temporaryFolder();

async function save(name: string, side: number, grey: number): Promise<void> {
	const file = path.join(dir, name);
	mkdirSync(path.dirname(file), { recursive: true });
	await sharp({ create: { width: side, height: side, channels: 3, background: { r: grey, g: grey, b: grey } } })
		.png()
		.toFile(file);
}

beforeAll(async () => {
	await save('happy/p1_a.png', 48, 255);
	await save('happy/p1_b.png', 64, 255);
	await save('Anger/p2_a.png', 30, 0);
	await save('anger/p3_a.png', 40, 255);
	await save('sad/p4_large.png', 200, 0);
	await save('sad/p5_large.png', 201, 0);
	await save('holiday/p6.png', 48, 0);
	writeFileSync(path.join(dir, 'happy/p7_broken.png'), 'no picture');
	writeFileSync(path.join(dir, 'happy/notes.txt'), 'no picture either');
	// What macOS leaves beside each picture on other systems' disks.
	writeFileSync(path.join(dir, 'happy/._p1_a.png'), 'no picture either');
});

/** Calls light faces happy and dark ones angry. */
const byLight: Classifier = {
	id: 'by-light',
	labels: FER2013_LABELS,
	input: { size: 48, channels: 1, range: [0, 255], crop: FER2013_CROP },
	classify: (batch, count) =>
		Promise.resolve(
			Array.from({ length: count }, (_, face) => {
				const light = (batch[face * 48 * 48] ?? 0) / 255;
				return FER2013_LABELS.map((label) => (label === 'happy' ? light : label === 'angry' ? 1 - light : 0));
			})
		)
};

const at = (x: number, y: number) => ({ x, y });
const FACE: DetectedFace = {
	box: { x: 50, y: 50, width: 100, height: 100 },
	landmarks: {
		rightEye: at(80, 80),
		leftEye: at(120, 80),
		nose: at(100, 100),
		mouth: at(100, 120),
		rightEar: at(60, 90),
		leftEar: at(140, 90)
	},
	confidence: 0.9
};
/** Finds a face only in pictures of 200 pixels. */
const detector: FaceDetector = { detect: ({ width }) => Promise.resolve(width === 200 ? [FACE] : []) };

describe('a folder of pictures as a test set', () => {
	it('uses crops directly, searches larger pictures for faces, and counts unusable ones', async () => {
		const { pictures, leftOut } = await readLabelledFolder(dir);
		expect([...leftOut]).toEqual([['holiday', 1]]);
		let detectors = 0;
		const done: number[] = [];
		const answers = await classifyFolder(
			pictures,
			[byLight],
			() => {
				detectors++;
				return Promise.resolve(detector);
			},
			(count) => done.push(count)
		);
		expect(detectors).toBe(1);
		expect(done).toEqual([pictures.length]);
		expect(answers.unreadable).toEqual([expect.stringContaining('p7_broken.png') as string]);

		const figures = folderFigures(byLight, answers, groupBy('p\\d'));
		// Right: both happy ones and the dark angry one. Wrong: the light angry one, and the sad one, called angry.
		expect(figures).toMatchObject({ n: 5, accuracy: 3 / 5, groups: 4, notFound: 1, unreadable: 1 });
		expect(figures.recall).toEqual({ angry: 1 / 2, happy: 1, sad: 0 });
		// Both pictures of the only person are right.
		expect(figures.recallIntervals['happy']?.low).toBeCloseTo(0.207, 3);
		expect(figures.recallIntervals['happy']?.high).toBe(1);
		// One of two people is right; by chance, both or none.
		expect(figures.recallIntervals['angry']).toMatchObject({ low: 0, high: 1 });
		expect(figures.meanRecall).toBeCloseTo(1 / 2, 10);
		expect(figures.macroF1).toBeCloseTo((2 / 4 + 4 / 5 + 0) / 3, 10);
		expect(figures.confusion[4]?.[0]).toBe(1);
		expect(figures.interval.low).toBeLessThan(0.6);
		expect(figures.interval.high).toBeGreaterThan(0.6);
	});

	it('gives no figures for pictures without a face or unreadable ones', async () => {
		const { pictures } = await readLabelledFolder(dir);
		const useless = pictures.filter(({ name }) => /broken|p5/.test(name));
		expect(useless).toHaveLength(2);
		const asked = classifyFolder(useless, [byLight], () => Promise.resolve(detector));
		await expect(asked).rejects.toThrow(/p7_broken.*\nNone of 2 pictures gives a figure: no face was found in 1\./);
	});

	it('asks for no detector if all are crops', async () => {
		const { pictures } = await readLabelledFolder(path.join(dir, 'anger', '..'));
		const crops = pictures.filter(({ name }) => !name.includes('large'));
		await classifyFolder(crops, [byLight], () => Promise.reject(new Error('A detector was asked for.')));
	});

	it('is told in full: what is left out, what is a guess, and that files of every kind are pictures', async () => {
		const root = path.join(dir, 'told');
		const read = async (...names: string[]) => {
			for (const name of names) {
				mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
				writeFileSync(path.join(root, name), '');
			}
			const { pictures, ...labels } = await readLabelledFolder(root);
			rmSync(root, { recursive: true });
			return [pictures.map(({ name, label }) => `${name} ${label}`), describeLabels(labels)];
		};
		expect(await read('suprise/a.jpg', 'happy/a.bmp', 'contempt/a.png', 'contempt/b.png', 'c.png')).toEqual([
			['happy/a.bmp happy', 'suprise/a.jpg surprise'],
			[
				'Left out, as no label has these names: outside of folders (1), contempt (2).',
				'Read as misspellings: suprise as surprise.'
			]
		]);
		expect(await read('KDEF/AF01ANS.JPG')).toEqual([
			['KDEF/AF01ANS.JPG angry'],
			['No folder names an expression, so the names of the files were read: AF01ANS.JPG as angry.']
		]);
	});

	it.each([
		['fer2013', [0, 6], ['angry', 'neutral']],
		['FER2013Plus/test', [0, 6], ['neutral', 'fear']],
		['raf-db', [1, 7], ['surprise', 'neutral']],
		['affectnet/raf-db', [1, 7], ['surprise', 'neutral']],
		['affectnet', [0, 6], ['neutral', 'angry']],
		['ck+', [1, 7], ['angry', 'surprise']],
		['my faces', [0, 6], null],
		['raf-db', [0, 7], null]
	])(
		'in %s with numbered folders %j means by them what that data set does, or is refused',
		async (name, numbers, labels) => {
			const root = path.join(dir, 'numbered');
			for (const number of numbers) {
				mkdirSync(path.join(root, name, String(number)), { recursive: true });
				writeFileSync(path.join(root, name, String(number), 'a.png'), '');
			}
			const read = readLabelledFolder(path.join(root, name)).then(({ pictures }) => pictures.map(({ label }) => label));
			if (labels === null) await expect(read).rejects.toThrow(UserError);
			else expect(await read).toEqual(labels);
			rmSync(root, { recursive: true });
		}
	);

	it.each([
		[
			'raf-db',
			{ 'EmoLabel/list_patition_label.txt': 'train_1.jpg 4\ntest_1.jpg 5\n' },
			['a/train_1_aligned.jpg', 'a/test_1_aligned.jpg'],
			['test_1_aligned.jpg sad', 'train_1_aligned.jpg happy']
		],
		[
			'expw',
			{ 'label/label.lst': 'sad_1.jpg 0 1 1 9 9 5.5 3\nsad_2.jpg 0 1 1 9 9 5.5 0\nsad_2.jpg 1 1 1 9 9 5.5 4\n' },
			['image/sad_1.jpg', 'image/sad_2.jpg'],
			['sad_1.jpg happy']
		],
		['faces', { 'list.csv': 'name,label\na.jpg,3\nb.jpg,7\n' }, ['a.jpg', 'b.jpg'], /AffectNet, RAF-DB/],
		['faces', { 'list.csv': 'name,label\na.jpg,1\nb.jpg,8\nc.jpg,11\n' }, ['a.jpg', 'b.jpg', 'c.jpg'], /no data set/],
		['faces', { 'list.csv': 'name,HAP,SAD\nhappy.jpg,2.5,1\n' }, ['happy.jpg'], /list\.csv is not used: .*neutral/],
		['faces', { 'labels.parquet': 'PAR1' }, ['1.jpg'], /labels\.parquet is not used: .*CSV/]
	])('in %s is labelled by %j, as on the page, or refused with what to do', async (name, lists, pictures, wanted) => {
		const root = path.join(dir, 'listed');
		for (const [file, text] of [...Object.entries<string>(lists), ...pictures.map((file) => [file, ''] as const)]) {
			mkdirSync(path.dirname(path.join(root, name, file)), { recursive: true });
			writeFileSync(path.join(root, name, file), text);
		}
		const read = readLabelledFolder(path.join(root, name)).then((folder) =>
			folder.pictures.map((each) => `${path.basename(each.name)} ${each.label}`)
		);
		if (wanted instanceof RegExp) await expect(read).rejects.toThrow(wanted);
		else expect(await read).toEqual(wanted);
		rmSync(root, { recursive: true });
	});

	it.skipIf(process.platform === 'win32')('follows links to folders and files, but not in circles', async () => {
		const linked = path.join(dir, 'linked');
		mkdirSync(path.join(linked, 'sad'), { recursive: true });
		symlinkSync(path.join(dir, 'anger'), path.join(linked, 'angry'));
		symlinkSync(path.join(dir, 'sad/p4_large.png'), path.join(linked, 'sad/p4.png'));
		symlinkSync(path.join(dir, 'gone.png'), path.join(linked, 'sad/gone.png'));
		symlinkSync(linked, path.join(linked, 'sad/again'));
		const { pictures } = await readLabelledFolder(linked);
		expect(pictures.map(({ name }) => name)).toEqual(['angry/p3_a.png', 'sad/p4.png']);
		rmSync(linked, { recursive: true });
	});

	it('rejects what it cannot interpret', async () => {
		await expect(readLabelledFolder(path.join(dir, 'holiday'))).rejects.toThrow(UserError);
		await expect(readLabelledFolder(path.join(dir, 'nowhere'))).rejects.toThrow('no folder');
		expect(() => groupBy('(')).toThrow('regular expression');
		const picture = { name: 'happy/p1_a.png', label: 'happy', file: '' };
		expect(groupBy('/(p\\d)_')(picture)).toBe('p1');
		expect(groupBy('^p\\d')(picture)).toBe('p1');
		expect(groupBy(undefined)(picture)).toBe(picture.name);
		expect(() => groupBy('q\\d')(picture)).toThrow('finds nothing');
	});
});
