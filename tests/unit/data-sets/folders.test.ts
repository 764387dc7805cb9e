import { describe, expect, it } from 'vitest';
import { countBy } from '../../../src/lib/state/count-by';
import { labelNamed, NUMBERINGS } from '../../../src/lib/core/labels';
import { numberedFolders, sortByLabel } from '../../../src/lib/data-sets/folders';
import { generator } from '../../random';

/** Label by path; undefined for unknown folders. */
function labelsOf(...paths: string[]): (string | undefined)[] {
	const { labelled } = sortByLabel(
		paths.map((path) => ({ path, file: path })),
		null
	);
	return paths.map((path) => labelled.find(({ name }) => name === path)?.label);
}

describe('sortByLabel', () => {
	it('understands the folders of FER2013, CK+ and others', () => {
		expect(
			labelsOf('fer/test/angry/1.png', 'ck/anger/1.png', 'x/Happiness/1.png', 'x/sadness/1.png', 'x/3_surprised/1.png')
		).toEqual(['angry', 'angry', 'happy', 'sad', 'surprise']);
	});

	it('takes no number for a label until told what the numbers mean', () => {
		expect(labelsOf('raf-db/train/1/a.jpg', 'x/0/a.jpg')).toEqual([undefined, undefined]);
	});

	it.each(['class3', 'class_3', 'Label 3', 'emotion-3', '(3)', '3.0', '03'])('takes %s for a number', (folder) => {
		expect(numberedFolders([{ path: `x/${folder}/a.jpg`, file: 0 }])?.numbers.map(({ number }) => number)).toEqual([3]);
	});

	it('takes the nearest folder that names a label, and a word before a number', () => {
		expect(labelsOf('happy/sad/a.png', 'happy/subject 7/a.png', 'happy/4/a.png')).toEqual(['sad', 'happy', 'happy']);
	});

	it('takes no person for a misspelled label', () => {
		expect(labelsOf('faces/Felix/1.jpg', 'faces/Angel/1.jpg', 'faces/Paula/1.jpg')).toEqual(Array(3).fill(undefined));
		expect(labelsOf('set/sad/Felix/1.jpg', 'set/suprise/1.jpg')).toEqual(['sad', 'surprise']);
		expect(labelsOf('x/felix_1.jpg', 'x/angel-2.jpg')).toEqual([undefined, undefined]);
	});

	it('lists files in other folders, and in none', () => {
		const { labelled, unknown } = sortByLabel(
			['ck/contempt/1.png', 'happy.png', 'ck/readme.txt'].map((path) => ({ path, file: null })),
			null
		);
		expect(labelled).toEqual([]);
		expect(unknown).toEqual([
			{ name: 'ck/contempt/1.png', said: 'contempt' },
			{ name: 'happy.png', said: '' },
			{ name: 'ck/readme.txt', said: 'ck' }
		]);
	});

	it('does not recognise folders named after properties that every object has', () => {
		const files = ['constructor', '__proto__', 'toString'].map((folder) => ({ path: `${folder}/a.jpg`, file: null }));
		const { labelled, unknown } = sortByLabel(files, null);
		expect(labelled).toEqual([]);
		expect(unknown.map(({ said }) => said)).toEqual(['constructor', '__proto__', 'toString']);
		expect(countBy(unknown.map(({ said }) => said))).toEqual([
			['constructor', 1],
			['__proto__', 1],
			['toString', 1]
		]);
	});
});

describe('file names, if no folder says anything,', () => {
	it.each([
		['JAFFE', 'jaffe', ['KA.AN1.39.png', 'KA.HA1.29.png', 'KA.NE1.26.png'], ['angry', 'happy', 'neutral']],
		['KDEF', 'KDEF/AF01', ['AF01ANS.JPG', 'AF01AFHL.JPG', 'BM35SUFR.JPG'], ['angry', 'fear', 'surprise']],
		['RaFD', 'RafD', ['Rafd090_01_Caucasian_female_angry_frontal.jpg'], ['angry']],
		['a folder for each person', 'faces', ['1/Angry.jpg', '12/Happy.jpg'], ['angry', 'happy']],
		['flattened folders', 'all', ['happy (1).jpg', 'img_sad_03.png', 'Überrascht-2.jpg'], ['happy', 'sad', 'surprise']]
	])('give the label in %s, which is reported', (_, folder, names, wanted) => {
		const files = names.map((name) => ({ path: `${folder}/${name}`, file: name }));
		const { labelled, named } = sortByLabel(files, null);
		expect(labelled.map(({ label }) => label)).toEqual(wanted);
		expect([...named]).toEqual(wanted.map((label, index) => [label, names[index]?.split('/').at(-1)]));
	});

	it.each([
		['if a folder gives one', ['happy/sad.jpg', 'x/sad (1).jpg'], ['happy', undefined]],
		['if a folder has a number', ['3/sad.jpg', '3/happy.jpg'], [undefined, undefined]],
		['of only a few files', ['x/happy.jpg', 'x/1.jpg', 'x/2.jpg'], [undefined, undefined, undefined]],
		['if they name two labels, or deny one', ['x/happy_or_sad.jpg', 'x/not happy.jpg'], [undefined, undefined]]
	])('give no label %s', (_, paths, wanted) => {
		expect(labelsOf(...paths)).toEqual(wanted);
	});
});

describe('labelNamed', () => {
	it.each([
		['Wütend', 'angry'],
		['wuetend', 'angry'],
		['WUTEND', 'angry'],
		['Fröhlich (2)', 'happy'],
		['miedo', 'fear'],
		['dégoût', 'disgust'],
		['D\u0065\u0301gou\u0302t', 'disgust'],
		['tristesse', 'sad'],
		['3_高兴', 'happy'],
		['惊讶', 'surprise'],
		['нейтральный', 'neutral'],
		['KIZGIN', 'angry'],
		['öfke', 'angry'],
		['гнев', 'angry'],
		['felice', 'happy'],
		['счастье', 'happy'],
		['기쁨', 'happy'],
		['幸せ', 'happy'],
		['두려움', 'fear'],
		['Печаль', 'sad'],
		['当惑', undefined],
		['kizgin', 'angry'],
		['HappyFaces', 'happy'],
		['0_AngryMen', undefined]
	])('reads %s in other languages and spellings as %s', (text, label) => {
		expect(labelNamed(text)?.label).toBe(label);
	});

	it.each([
		['suprise', 'surprise'],
		['Suprised', 'surprise'],
		['surprize', 'surprise'],
		['disguest', 'disgust'],
		['happyness', 'happy'],
		['hapiness', 'happy'],
		['saddness', 'sad'],
		['nuetral', 'neutral'],
		['Netural', 'neutral'],
		['agnry', 'angry'],
		['fearfull', 'fear']
	])('reads %s as a misspelled %s, and says so', (word, label) => {
		expect(labelNamed(word)).toEqual({ label, exact: false });
	});

	it.each(['happy_faces', 'train-3-happy', 'class happy', 'Happy (2)', 'Ｈａｐｐｙ', 'happy happy'])(
		'recognises %s',
		(text) => {
			expect(labelNamed(text)).toEqual({ label: 'happy', exact: true });
		}
	);

	it.each([
		'happily surprised',
		'sad or happy',
		'not happy',
		'danger',
		'contempt',
		'manger',
		'sample',
		'3',
		'',
		'fer2013',
		'subject'
	])('takes %s for no label', (text) => {
		expect(labelNamed(text)).toBeUndefined();
	});
});

describe('numberedFolders', () => {
	const folders = (root: string, numbers: readonly number[]) =>
		numbers.map((number) => ({ path: `${root}/${number}/a.png`, file: `${number}` }));

	it('asks what numbers mean, with pictures of each, and first offers the data set named in the path', () => {
		const files = folders('affectnet/train', [1, 2, 3, 4, 5, 6, 7]);
		const asked = numberedFolders([
			...files,
			{ path: 'affectnet/train/03/b.png', file: 'b' },
			{ path: 'x/happy/c.png', file: 'c' }
		]);
		expect(asked?.numbers[2]).toEqual({ number: 3, count: 2, examples: ['3', 'b'] });
		expect(asked?.numberings.map(({ id }) => id)).toEqual([
			'affectnet',
			'ferplus',
			'raf-db',
			'ck',
			'sorted-with-contempt'
		]);
		const [affectnet = null] = asked?.numberings ?? [];
		expect(sortByLabel(files, affectnet).labelled.map(({ label }) => label)).toEqual([
			'happy',
			'sad',
			'surprise',
			'fear',
			'disgust',
			'angry'
		]);
		expect(sortByLabel(files, affectnet).unknown).toEqual([{ name: 'affectnet/train/7/a.png', said: '7' }]);
	});

	it.each([
		['fer2013/test', 'fer2013'],
		['FER2013Plus', 'ferplus'],
		['fer+', 'ferplus'],
		['AffectNet-8', 'affectnet'],
		['raf-db', 'raf-db'],
		['CK+48', 'ck'],
		['YOLO_format', 'sorted-with-contempt'],
		['DATASET/train_00001_aligned', 'raf-db']
	])('recognises %s by its name', (root, id) => {
		expect(numberedFolders(folders(root, [1, 2, 3, 4, 5, 6]))?.numberings[0]?.id).toBe(id);
	});

	it.each([
		['people', ['x/1/a.jpg', 'x/2/b.jpg', 'x/12/c.jpg']],
		['sessions, as in CK+', ['CK+/S005/001/a.png', 'CK+/S010/002/b.png']],
		['parts, as in AffectNet', ['AffectNet/images/1/a.jpg', 'AffectNet/images/689/b.jpg']]
	])('does not take the numbers of %s for labels', (_, paths) => {
		const files = paths.map((path) => ({ path, file: path }));
		expect(numberedFolders(files)).toBeNull();
		expect(sortByLabel(files, NUMBERINGS[0] ?? null).labelled).toEqual([]);
	});

	it('takes the numbers of labels around those of people', () => {
		const files = ['3/12/a.jpg', '4/1/b.jpg'].map((path) => ({ path, file: path }));
		expect(numberedFolders(files)?.numbers.map(({ number }) => number)).toEqual([3, 4]);
	});

	it('offers only data sets that have all the numbers, and asks nothing if words give the label', () => {
		expect(numberedFolders(folders('x', [0, 6]))?.numberings.map(({ id }) => id)).not.toContain('raf-db');
		expect(numberedFolders(folders('x', [0, 9]))?.numberings.map(({ id }) => id)).toEqual(['ferplus', 'affectnet']);
		expect(numberedFolders(folders('raf-db', [1, 8]))?.numberings.map(({ id }) => id)).not.toContain('raf-db');
		expect(numberedFolders(folders('x/happy', [1, 2]))).toBeNull();
		expect(numberedFolders(folders('x', [12]))).toBeNull();
	});

	it('reads numbers as each data set defines them', () => {
		const read = (id: string) => NUMBERINGS.find((each) => each.id === id)?.labels.get(3);
		expect(NUMBERINGS.map(({ id }) => `${id} ${read(id) ?? 'none'}`)).toEqual([
			'fer2013 happy',
			'ferplus sad',
			'affectnet surprise',
			'raf-db disgust',
			'ck disgust',
			'sorted happy',
			'sorted-with-contempt fear'
		]);
		// Folders numbered as Keras and PyTorch do: in order of their names.
		const sorted = NUMBERINGS.find(({ id }) => id === 'sorted')?.labels;
		expect([...(sorted?.values() ?? [])]).toEqual([...(sorted?.values() ?? [])].toSorted());
	});
});

it('handles any folder names: thousands of random ones end in one of the seven labels or in none', () => {
	const random = generator(17);
	const words = [
		'happy',
		'Surprise',
		'neutral',
		'3',
		'07',
		'FER2013',
		'train',
		'..',
		'',
		'\u202e',
		'😀',
		'a'.repeat(3000),
		'affectnet'
	];
	const labels = new Set(['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral']);
	for (let round = 0; round < 3000; round++) {
		const path = Array.from({ length: 1 + random() * 4 }, () => {
			const letters = Array.from(words[Math.floor(random() * words.length)] ?? '');
			if (random() < 0.6)
				letters.splice(
					Math.floor(random() * letters.length),
					1,
					String.fromCodePoint(32 + Math.floor(random() * 9000))
				);
			return letters.join('');
		}).join('/');
		const files = [{ path: `${path}/a.png`, file: null }];
		const numbering = numberedFolders(files)?.numberings[0] ?? null;
		const { labelled, unknown } = sortByLabel(files, numbering);
		expect(labelled.length + unknown.length).toBe(1);
		for (const { label } of labelled) expect(labels).toContain(label);
	}
});
