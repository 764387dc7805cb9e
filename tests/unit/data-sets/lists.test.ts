import { describe, expect, it } from 'vitest';
import { readLists } from '../../../src/lib/data-sets/lists';

const read = async (text: string | Uint8Array<ArrayBuffer>, paths: readonly string[], name = 'set/labels.csv') => {
	const { labels, ...others } = await readLists([{ name, file: new Blob([text]) }], paths);
	return { labels: Object.fromEntries(labels), ...others };
};

describe('a list of labels beside its pictures', () => {
	it.each<[string, string, string[], string, Record<string, string>]>([
		[
			'of RAF-DB, whose aligned pictures have longer names',
			'basic/EmoLabel/list_patition_label.txt',
			['basic/Image/aligned/train_00001_aligned.jpg', 'basic/Image/aligned/test_0001_aligned.jpg'],
			'train_00001.jpg 5\ntest_0001.jpg 1\n',
			{
				'basic/Image/aligned/train_00001_aligned.jpg': '5',
				'basic/Image/aligned/test_0001_aligned.jpg': '1'
			}
		],
		[
			'of RAF-DB beside the pictures as they were',
			'list_patition_label.txt',
			['aligned/train_00001_aligned.jpg', 'original/train_00001.jpg'],
			'train_00001.jpg 5\n',
			{ 'original/train_00001.jpg': '5' }
		],
		[
			'as AffectNet is passed on: a number of the row, a path, a word and another figure',
			'set/labels.csv',
			['set/anger/image1.jpg', 'set/happy/image1.jpg'],
			',pth,label,relFCs\n0,anger/image1.jpg,surprise,0.87\n1,happy/image1.jpg,happy,0.9\n',
			{ 'set/anger/image1.jpg': 'surprise', 'set/happy/image1.jpg': 'happy' }
		],
		[
			'as AffectNet publishes it: numbers around the label',
			'training.csv',
			['Manually/689/a.jpg'],
			'subDirectory_filePath,face_x,face_y,expression,valence,arousal\n689/a.jpg,3,4,1,0.7,-0.2\n',
			{ 'Manually/689/a.jpg': '1' }
		],
		[
			'with names without extensions, in a spreadsheet of another language',
			'KDEF.csv',
			['KDEF/AF01ANS.JPG', 'KDEF/AF01HAS.JPG'],
			'\uFEFFid;emotion_id;emotion\r\nAF01ANS;0;angry\r\n"AF01HAS";3;"happy"\r\n',
			{ 'KDEF/AF01ANS.JPG': 'angry', 'KDEF/AF01HAS.JPG': 'happy' }
		],
		[
			'whose columns are numbered, as pandas does by default',
			'set/train.csv',
			['set/a.jpg'],
			'0,1\na.jpg,3\n',
			{ 'set/a.jpg': '3' }
		],
		[
			'whose names have spaces and come in folders of Windows',
			'x/list.txt',
			['x/My pictures/a b.png', 'x/c.png'],
			'My pictures\\a b.png happy\nc.png  sad\n',
			{ 'x/My pictures/a b.png': 'happy', 'x/c.png': 'sad' }
		]
	])('%s, is understood', async (_, name, paths, text, labels) => {
		expect(await read(text, paths, name)).toEqual({ labels, lists: [name], missing: 0, unclear: [] });
	});

	it('applies to the pictures of its own folder if others have the same names', async () => {
		const paths = ['train/1.jpg', 'test/1.jpg'];
		const { labels } = await readLists(
			[
				{ name: 'train/labels.csv', file: new Blob(['name,label\n1.jpg,sad\n']) },
				{ name: 'test/labels.csv', file: new Blob(['name,label\n1.jpg,fear\n']) }
			],
			paths
		);
		expect([...labels]).toEqual([
			['train/1.jpg', 'sad'],
			['test/1.jpg', 'fear']
		]);
		expect((await read('name,label\n1.jpg,sad\n', paths, 'labels.csv')).labels).toEqual({});
	});

	it.each([
		['its last rows', (at: number) => at >= 800],
		['every tenth row', (at: number) => at % 10 === 9],
		['one row', (at: number) => at === 999]
	])('is understood if only the pictures of %s are here', async (_, isHere) => {
		const names = Array.from({ length: 1000 }, (_, at) => `${at}.jpg`);
		const list = `name,label\n${names.map((name) => `${name},sad`).join('\n')}`;
		const here = names.filter((_, at) => isHere(at)).map((name) => `set/${name}`);
		const { labels, missing } = await read(list, here);
		expect(Object.keys(labels)).toEqual(here);
		expect(missing).toBe(1000 - here.length);
		const votes = list.replaceAll(',sad', ',7,8').replace('label', 'neutral,happiness');
		expect(await read(votes, here)).toMatchObject({ unclear: ['set/labels.csv'] });
		expect(await read(list, ['set/other.jpg'])).toMatchObject({ lists: [], missing: 0, unclear: [] });
		expect(await read(votes, ['set/other.jpg'])).toMatchObject({ lists: [], unclear: [] });
	});

	it('applies to the folder that it is named after if other folders have the same names', async () => {
		const paths = ['set/train/1.jpg', 'set/test/1.jpg', 'set/test/2.jpg'];
		const { labels } = await readLists(
			[
				{ name: 'set/train_labels.csv', file: new Blob(['name,label\n1.jpg,sad\n']) },
				{ name: 'set/test.csv', file: new Blob(['name,label\n1.jpg,fear\n2.jpg,happy\n']) }
			],
			paths
		);
		expect(Object.fromEntries(labels)).toEqual({
			[paths[0] ?? '']: 'sad',
			[paths[1] ?? '']: 'fear',
			[paths[2] ?? '']: 'happy'
		});
	});

	it('gives all its labels for a picture that it names twice, and counts missing pictures', async () => {
		const text = 'a.jpg,sad\na.jpg,happy\nb.jpg,fear\nb.jpg,fear\ngone.jpg,sad\n';
		expect(await read(text, ['set/a.jpg', 'set/b.jpg'])).toEqual({
			labels: { 'set/a.jpg': 'sad / happy', 'set/b.jpg': 'fear' },
			lists: ['set/labels.csv'],
			missing: 1,
			unclear: []
		});
	});

	it('is not used if it breaks off after its first rows, and this is reported', async () => {
		const rows = Array.from({ length: 200 }, (_, at) => `${at}.jpg,sad\n`);
		const file = new Blob(rows);
		file.stream = () =>
			new ReadableStream({
				start(controller) {
					controller.enqueue(new TextEncoder().encode(rows.slice(0, 150).join('')));
				},
				pull(controller) {
					controller.error(new Error('the file changed'));
				}
			});
		const paths = rows.map((_, at) => `set/${at}.jpg`);
		expect(await readLists([{ name: 'set/labels.csv', file }], paths)).toEqual({
			labels: new Map(),
			lists: [],
			missing: 0,
			unclear: ['set/labels.csv']
		});
	});

	it.each([
		['votes, none of which is the label', 'name,neutral,happiness\na.jpg,3,7\nb.jpg,8,1\n', ['set/labels.csv']],
		['numbers that say something else', 'name,gender\na.jpg,0\nb.jpg,1\n', ['set/labels.csv']],
		['numbers of people', 'id,name\n1,a.jpg\n2,b.jpg\n', ['set/labels.csv']],
		['names and nothing else', 'a.jpg\nb.jpg\n', ['set/labels.csv']],
		['a text about something else', 'These are pictures.\nThey are free.\n', []],
		['rows of FER2013', 'emotion,pixels\n3,70 80 82\n', []],
		['bytes', Uint8Array.from({ length: 600 }, (_, at) => at % 7), []],
		['nothing but a line break', '\n', []]
	])('is not recognised in %s', async (_, text, unclear) => {
		expect(await read(text, ['set/a.jpg', 'set/b.jpg'])).toMatchObject({ labels: {}, lists: [], unclear });
	});
});
