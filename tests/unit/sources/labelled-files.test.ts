import { describe, expect, it } from 'vitest';
import { countBy } from '../../../src/lib/state/count-by';
import { sortByLabel } from '../../../src/lib/sources/labelled-files';

/** Label by path; undefined for unknown folders. */
function labelsOf(...paths: string[]): (string | undefined)[] {
	const { labelled } = sortByLabel(paths.map((path) => ({ path, file: path })));
	return paths.map((path) => labelled.find(({ name }) => name === path)?.label);
}

describe('sortByLabel', () => {
	it('understands the folders of FER2013, CK+ and others', () => {
		expect(
			labelsOf('fer/test/angry/1.png', 'ck/anger/1.png', 'x/Happiness/1.png', 'x/sadness/1.png', 'x/3_surprised/1.png')
		).toEqual(['angry', 'angry', 'happy', 'sad', 'surprise']);
	});

	it('understands the numbers of RAF-DB', () => {
		const paths = ['1', '2', '3', '4', '5', '6', '7'].map((number) => `raf/train/${number}/a.jpg`);
		expect(labelsOf(...paths)).toEqual(['surprise', 'fear', 'disgust', 'happy', 'sad', 'angry', 'neutral']);
	});

	it('takes no number for a label where the numbers are not those of RAF-DB', () => {
		expect(labelsOf('x/0/a.jpg', 'x/1/a.jpg')).toEqual([undefined, undefined]);
	});

	it('takes the nearest folder that names a label, and a word before a number', () => {
		expect(labelsOf('happy/sad/a.png', 'happy/subject 7/a.png', 'happy/4/a.png', '4/a.png')).toEqual([
			'sad',
			'happy',
			'happy',
			'happy'
		]);
	});

	it('lists files of other folders, and of none', () => {
		const { labelled, unknown } = sortByLabel(
			['ck/contempt/1.png', 'happy.png', 'ck/readme.txt'].map((path) => ({ path, file: null }))
		);
		expect(labelled).toEqual([]);
		expect(unknown).toEqual([
			{ name: 'ck/contempt/1.png', folder: 'contempt' },
			{ name: 'happy.png', folder: '' },
			{ name: 'ck/readme.txt', folder: 'ck' }
		]);
	});

	it('knows nothing of folders that are called as what every object has', () => {
		const files = ['constructor', '__proto__', 'toString'].map((folder) => ({ path: `${folder}/a.jpg`, file: null }));
		const { labelled, unknown } = sortByLabel(files);
		expect(labelled).toEqual([]);
		expect(unknown.map(({ folder }) => folder)).toEqual(['constructor', '__proto__', 'toString']);
		expect(countBy(unknown.map(({ folder }) => folder))).toEqual([
			['constructor', 1],
			['__proto__', 1],
			['toString', 1]
		]);
	});
});
