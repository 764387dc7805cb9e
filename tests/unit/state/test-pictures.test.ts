import { describe, expect, it, vi } from 'vitest';
import type { TaskHost } from '../../../src/lib/client/task';
import { NUMBERINGS } from '../../../src/lib/core/labels';
import { TestPictures } from '../../../src/lib/state/test-pictures.svelte';

const RAF_DB = NUMBERINGS.find(({ id }) => id === 'raf-db') ?? null;

async function choose(files: Readonly<Record<string, string>>) {
	const pictures = new TestPictures({} as TaskHost);
	pictures.choose(
		Object.entries(files).map(([name, text]) => ({ name, file: new File([text], name.split('/').at(-1) ?? '') }))
	);
	const folder = () => (pictures.summary?.kind === 'pictures' ? pictures.summary : expect.fail('no pictures'));
	await vi.waitFor(() => expect(folder().listed).not.toBe('being-read'), 30_000);
	return { pictures, folder };
}

describe('a folder of pictures with a list of their labels', () => {
	it('is read by the list, whose numbers mean what the user says', async () => {
		const { pictures, folder } = await choose({
			'basic/EmoLabel/list_patition_label.txt': 'train_1.jpg 5\ntest_1.jpg 4\ntest_2.jpg 4\n',
			'basic/Image/aligned/train_1_aligned.jpg': 'x',
			'basic/Image/aligned/test_1_aligned.jpg': 'x',
			'basic/Image/aligned/other.jpg': 'x'
		});
		expect(folder()).toMatchObject({ byLabel: [], listed: { missing: 1 }, numbers: { isAsked: true } });
		expect(folder().numbers?.numberings[0]).toBe(RAF_DB);
		expect(pictures.source(0, 'auto')).toBeNull();
		pictures.readNumbers(RAF_DB);
		expect(folder()).toMatchObject({
			byLabel: [
				{ label: 'sad', n: 1 },
				{ label: 'happy', n: 1 }
			],
			unknown: [{ said: '', n: 1 }]
		});
		expect(pictures.problems).toEqual([
			{ kind: 'unknown-label', name: 'basic/Image/aligned/other.jpg', detail: 'No list names it.' }
		]);
		const source = pictures.source(0, 'auto');
		expect(source?.kind === 'pictures' && source.files.map(({ name, label }) => [name, label])).toEqual([
			['basic/Image/aligned/train_1_aligned.jpg', 'sad'],
			['basic/Image/aligned/test_1_aligned.jpg', 'happy']
		]);
	});

	it('is read by the list if folders differ, and by the folders if the list names few', async () => {
		const set = { 'set/happy/1.jpg': 'x', 'set/happy/2.jpg': 'x', 'set/sad/3.jpg': 'x' };
		const list = 'pth,label\nhappy/1.jpg,sad\nhappy/2.jpg,contempt\nsad/3.jpg,sad\n';
		const { folder, pictures } = await choose({ ...set, 'set/labels.csv': list });
		expect(folder()).toMatchObject({ byLabel: [{ label: 'sad', n: 2 }], unknown: [{ said: 'contempt', n: 1 }] });
		expect(pictures.problems[0]?.detail).toBe('The list has “contempt”, which names no expression.');
		const few = await choose({ ...set, 'set/notes.txt': '3.jpg fear\n' });
		expect(few.folder()).toMatchObject({
			listed: null,
			notRead: [{ name: 'set/notes.txt', reason: expect.stringMatching(/^it names 1 of 3 pictures/) as string }]
		});
		expect(few.folder().byLabel).toEqual([
			{ label: 'happy', n: 2 },
			{ label: 'sad', n: 1 }
		]);
	});

	it('is not measured before the list is read', () => {
		const pictures = new TestPictures({} as TaskHost);
		const file = (name: string, text: string) => ({ name, file: new File([text], name) });
		pictures.choose([file('set/happy/1.jpg', 'x'), file('set/labels.csv', 'name,label\n1.jpg,sad\n')]);
		expect(pictures.summary).toMatchObject({ listed: 'being-read' });
		expect(pictures.source(0, 'auto')).toBeNull();
	});
});
