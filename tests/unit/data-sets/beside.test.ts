import { describe, expect, it } from 'vitest';
import { labelsBeside } from '../../../src/lib/data-sets/beside';
import { mayHoldLabels } from '../../../src/lib/data-sets/list-names';

/** The labels that lists give to pictures, by their path, and what is said of the lists. */
async function beside(texts: Readonly<Record<string, string>>) {
	const all = Object.entries(texts).map(([path, text]) => ({ path, file: new Blob([text]) }));
	const pictures = all.filter(({ path }) => !mayHoldLabels(path));
	const lists = all.filter(({ path }) => mayHoldLabels(path)).map(({ path, file }) => ({ name: path, file }));
	const { files, listed, notRead } = await labelsBeside(pictures, lists);
	const labels = Object.fromEntries(
		files.flatMap(({ path, listed }) => (typeof listed === 'string' ? [[path, listed]] : []))
	);
	return { labels, lists: listed?.lists ?? [], reasons: notRead.map(({ reason }) => reason) };
}

describe('a text for each picture', () => {
	it('gives the label in CK+, whose other texts are no labels and whose other frames have none', async () => {
		const frame = 'ck/cohn-kanade-images/S005/001/S005_001_0000001';
		expect(
			await beside({
				[`${frame}0.png`]: '',
				[`${frame}1.png`]: '',
				'ck/Emotion/S005/001/S005_001_00000011_emotion.txt': '   3.0000000e+00\n',
				'ck/FACS/S005/001/S005_001_00000011_facs.txt': '   9.0000000e+00   4.0000000e+00\n',
				'ck/Landmarks/S005/001/S005_001_00000011_landmarks.txt': '   2.5e+02   2.0e+02\n   2.6e+02   2.1e+02\n'
			})
		).toEqual({ labels: { [`${frame}1.png`]: 'disgust' }, lists: ['*_emotion.txt'], reasons: [] });
	});

	it('names contempt in CK+, which no model knows, as such', async () => {
		const files = { 'a_1.png': '', 'a_1_emotion.txt': '2', 'b_1.png': '', 'b_1_emotion.txt': '7.0' };
		expect((await beside(files)).labels).toEqual({ 'a_1.png': 'contempt', 'b_1.png': 'surprise' });
	});

	it.each([
		['in a line', "nc: 3\nnames: ['Anger', 'Contempt', \"Happy\"] # as published"],
		['in several lines', 'train: images\nnames: [\n  Anger,\n  Contempt,\n  Happy\n]\nnc: 3'],
		['one a line', 'names:\n- Anger\n- Contempt\n- Happy\nnc: 3'],
		['by number', 'path: x\nnames:\n  2: Happy\n  0: Anger\n  1: Contempt\n\nnc: 3']
	])('gives the class for YOLO, whose names are %s in data.yaml', async (_, yaml) => {
		expect(
			await beside({
				'yolo/data.yaml': yaml,
				'yolo/train/images/a.jpg': '',
				'yolo/train/labels/a.txt': '2 0.5 0.5 0.9 0.9\n',
				'yolo/valid/images/a.jpg': '',
				'yolo/valid/labels/a.txt': '1 0.5 0.5 1 1e-1',
				'yolo/valid/images/two.jpg': '',
				'yolo/valid/labels/two.txt': '0 0.5 0.5 0.1 0.1\n2 0.2 0.2 0.1 0.1',
				'yolo/valid/images/none.jpg': '',
				'yolo/valid/labels/none.txt': ''
			})
		).toEqual({
			labels: {
				'yolo/train/images/a.jpg': 'Happy',
				'yolo/valid/images/a.jpg': 'Contempt',
				'yolo/valid/images/two.jpg': 'Anger / Happy'
			},
			lists: ['*.txt'],
			reasons: []
		});
	});

	it('gives the number for YOLO if its classes have no names, or two different lists of names', async () => {
		const files = { 'images/a.jpg': '', 'labels/a.txt': '2 0.5 0.5 0.9 0.9', 'labels/classes.txt': 'sad\nfear\nhappy' };
		expect((await beside(files)).labels).toEqual({ 'images/a.jpg': 'happy' });
		expect((await beside({ ...files, 'labels/classes.txt': '' })).labels).toEqual({ 'images/a.jpg': '2' });
		expect((await beside({ ...files, 'data.yaml': 'names: [a, b, c]' })).labels).toEqual({ 'images/a.jpg': '2' });
	});

	it('may be more than a list may have files', async () => {
		const names = Array.from({ length: 200 }, (_, at) => `${at}-x`);
		const files = names.flatMap((name) => [
			[`set/${name}.jpg`, ''],
			[`set/${name}.txt`, 'sad']
		]);
		expect(Object.keys((await beside(Object.fromEntries(files) as Record<string, string>)).labels)).toHaveLength(200);
	});

	it('is passed over if it says something else', async () => {
		const files = {
			'happy/a.jpg': '',
			'happy/a.txt': 'a photo of a man',
			'happy/b.jpg': '',
			'happy/b.txt': '10 20 3 4 5'
		};
		expect(await beside(files)).toEqual({ labels: {}, lists: [], reasons: [] });
	});
});

it.each(['labels.parquet', 'labels.xlsx', 'labels.json', 'Annotations/1.xml'])(
	'%s, which is not read, is named if nothing else says a label',
	async (name) => {
		const files = { [`set/${name}`]: '{}', 'set/faces/1.jpg': '' };
		expect(await beside(files)).toMatchObject({ lists: [], reasons: [expect.stringMatching(/save it as CSV/)] });
		expect(await beside({ ...files, 'set/happy/1.jpg': '' })).toMatchObject({ reasons: [] });
		expect(await beside({ ...files, 'set/labels.csv': '1.jpg,happy' })).toMatchObject({ reasons: [] });
	}
);

describe('a list beside folders that name expressions in words', () => {
	it.each([
		['if its labels are numbers, like the one class of a detector', 'a.jpg,0\nb.jpg,0\n', /numbers/],
		['if its labels name no expression', 'a.jpg,man\nb.jpg,woman\n', /no column/],
		['if its column of labels names none', 'name,label\na.jpg,man\nb.jpg,woman\n', /neither expressions/]
	])('is not used %s, and says why', async (_, list, reason) => {
		const { lists, reasons } = await beside({ 'set/happy/a.jpg': '', 'set/sad/b.jpg': '', 'set/list.csv': list });
		expect(lists).toEqual([]);
		expect(reasons).toEqual([expect.stringMatching(reason)]);
	});

	it('for YOLO, with faces as its only class, is not used', async () => {
		const files = { 'happy/a.jpg': '', 'happy/a.txt': '0 0.5 0.5 0.9 0.9', 'data.yaml': 'names: [face]' };
		expect(await beside(files)).toMatchObject({
			labels: {},
			lists: [],
			reasons: [expect.stringMatching(/no expression/)]
		});
	});
});

it('lists that contradict each other give all their labels, and none in words gives way to a number', async () => {
	const { labels } = await beside({
		'set/a.jpg': '',
		'set/b.jpg': '',
		'set/one.csv': 'name,label\na.jpg,sad\nb.jpg,sad\n',
		'set/two.csv': 'name,label\na.jpg,fear\nb.jpg,sadness\n',
		'set/a.txt': '2'
	});
	expect(labels).toEqual({ 'set/a.jpg': '2 / sad / fear', 'set/b.jpg': 'sadness' });
});
