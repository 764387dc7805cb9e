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
		],
		[
			'of ExpW, with several faces of some pictures',
			'ExpW/label/label.lst',
			['ExpW/image/happy_boy_1.jpg', 'ExpW/image/angry_man_2.jpg', 'ExpW/image/sad_girl_3.jpg'],
			'happy_boy_1.jpg 0 28 113 226 141 22.93 6\nangry_man_2.jpg 0 10 20 90 95 3.1 0\nangry_man_2.jpg 1 10 120 195 90 3.1 4\n' +
				'sad_girl_3.jpg 0 1 2 9 9 1 3\nsad_girl_3.jpg 2 1 12 19 9 0.5 3\n',
			{
				'ExpW/image/happy_boy_1.jpg': 'neutral',
				'ExpW/image/angry_man_2.jpg': 'angry / sad',
				'ExpW/image/sad_girl_3.jpg': 'happy'
			}
		],
		[
			'with a column for each expression',
			'set/_classes.csv',
			['set/a.jpg', 'set/b.jpg', 'set/c.jpg', 'set/d.jpg'],
			'filename, Angry, Happy, Sad\na.jpg, 0, 1, 0\nb.jpg, 1, 0, 0\nc.jpg, 0, 0, 0\nd.jpg, 1, 0, 1\n',
			{ 'set/a.jpg': 'Happy', 'set/b.jpg': 'Angry', 'set/c.jpg': '', 'set/d.jpg': 'Angry / Sad' }
		],
		[
			'with truth values, as pandas writes dummies',
			'set/labels.csv',
			['set/a.jpg', 'set/b.jpg'],
			'image,emotion_happy,emotion_sad\na.jpg,False,True\nb.jpg,True,False\n',
			{ 'set/a.jpg': 'emotion_sad', 'set/b.jpg': 'emotion_happy' }
		],
		[
			'with votes, as FER+, most of which may be for none',
			'set/fer2013new.csv',
			['set/fer0000000.png', 'set/fer0000001.png', 'set/fer0000002.png'],
			'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n' +
				'Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0\nTraining,fer0000001.png,1,0,0,1,0,1,1,6,0,0\n' +
				'PublicTest,fer0000002.png,5,5,0,0,0,0,0,0,0,0\n',
			{
				'set/fer0000000.png': 'neutral',
				'set/fer0000001.png': 'contempt',
				'set/fer0000002.png': 'neutral / happiness'
			}
		],
		[
			'beside the pictures that the scripts of FER+ write, without column names',
			'FER2013Test/label.csv',
			['FER2013Test/fer1.png'],
			'fer1.png,"(0, 0, 48, 48)",0,0,0,1,8,1,0,0,0,0\n',
			{ 'FER2013Test/fer1.png': 'anger' }
		],
		[
			'with probabilities that have decimal commas',
			'set/labels.csv',
			['set/a.jpg'],
			'sep=;\r\nname;neutral;happy\r\na.jpg;0,25;0,75\r\n',
			{ 'set/a.jpg': 'happy' }
		],
		[
			'without column names, with semicolons and decimal commas',
			'set/labels.csv',
			['set/a.jpg', 'set/b.jpg'],
			'a.jpg;happy;0,85\r\nb.jpg;sad;0,5\r\n',
			{ 'set/a.jpg': 'happy', 'set/b.jpg': 'sad' }
		],
		[
			'with a JSON object a line, as for Hugging Face',
			'set/train/metadata.jsonl',
			['set/train/a.png', 'set/train/b.png'],
			'{"file_name": "a.png", "label": 3, "label_name": "happy"}\n{"label_name":"sad","file_name":"b.png","label":4}\n',
			{ 'set/train/a.png': 'happy', 'set/train/b.png': 'sad' }
		],
		[
			'with numbers in JSON, and quotes in a text',
			'set/metadata.jsonl',
			['set/a.png', 'set/b.png', 'set/c.png'],
			'{"file_name":"a.png","text":"5\\" wide","label":3}\n{"file_name":"b.png","text":"","label":[3,4]}\n{"file_name":"c.png","label":5}\n',
			{ 'set/a.png': '3', 'set/b.png': '3 / 4', 'set/c.png': '5' }
		],
		[
			'whose names are absolute, in upper case and have other extensions',
			'set/labels.csv',
			['set/Train/a.jpg', 'set/Train/KA.AN1.39.tiff'],
			'path,label\nC:\\Users\\me\\set\\TRAIN\\A.PNG,Freude\n/home/me/set/Train/KA.AN1.39,怒り\n',
			{ 'set/Train/a.jpg': 'Freude', 'set/Train/KA.AN1.39.tiff': '怒り' }
		],
		[
			'that repeats rows in other words',
			'set/labels.csv',
			['set/a.jpg'],
			'name,label\na.jpg,happy\na.jpg,Happiness\n',
			{ 'set/a.jpg': 'Happiness' }
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
		const ratings = list.replaceAll(',sad', ',7,8').replace('label', 'sadness,happiness');
		expect(await read(ratings, here)).toMatchObject({ unclear: [{ name: 'set/labels.csv' }] });
		expect(await read(list, ['set/other.jpg'])).toMatchObject({ lists: [], missing: 0, unclear: [] });
		expect(await read(ratings, ['set/other.jpg'])).toMatchObject({ lists: [], unclear: [] });
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
			unclear: [{ name: 'set/labels.csv', reason: 'it breaks off: line 151: the file changed' }]
		});
	});

	it.each([
		['ratings that say nothing of faces at rest', 'name,HAP,SAD\na.jpg,3.1,1.2\nb.jpg,1.4,1.3\n', [/neutral/]],
		['columns of expressions with remarks', 'name,happy,sad\na.jpg,very,no\nb.jpg,,yes\n', [/more than numbers/]],
		['one expression', 'name,happy\na.jpg,0\nb.jpg,1\n', [/no column holds labels/]],
		['two columns of numbers', 'a.jpg,0,3\nb.jpg,1,4\n', [/several columns/]],
		['numbers that say something else', 'name,gender\na.jpg,0\nb.jpg,1\n', [/no column holds labels/]],
		['numbers of people', 'id,name\n1,a.jpg\n2,b.jpg\n', [/no column holds labels/]],
		['names and nothing else', 'a.jpg\nb.jpg\n', [/no column holds labels/]],
		['boxes of faces', 'a.jpg 0 10 10 50 50 9.8 12\nb.jpg 0 10 10 50 50 9.8 3\n', [/several columns/]],
		['objects without labels', '{"file_name":"a.jpg","objects":{"bbox":[1,2]}}\n', [/no column holds labels/]],
		['a text about something else', 'These are pictures.\nThey are free.\n', []],
		['rows of FER2013', 'emotion,pixels\n3,70 80 82\n', []],
		['bytes', Uint8Array.from({ length: 600 }, (_, at) => at % 7), []],
		['nothing but a line break', '\n', []]
	])('is not recognised in %s', async (_, text, unclear) => {
		expect(await read(text, ['set/a.jpg', 'set/b.jpg'])).toMatchObject({
			labels: {},
			lists: [],
			unclear: unclear.map((reason) => ({ name: 'set/labels.csv', reason: expect.stringMatching(reason) as string }))
		});
	});
});
