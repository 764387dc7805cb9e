import { describe, expect, it } from 'vitest';
import { droppedFiles, dropOf } from '../../../../src/lib/components/shared/dropped-files';

function fileEntry(name: string, readable: boolean) {
	const file = (resolve: (file: File) => void, reject: (error: Error) => void) =>
		readable ? resolve(new File(['x'], name)) : reject(new DOMException('gone', 'NotFoundError'));
	return { isFile: true, isDirectory: false, name, fullPath: `/folder/${name}`, file };
}

function folderEntry(children: readonly object[]) {
	const turns = [children, []];
	const readEntries = (resolve: (entries: readonly object[]) => void) => resolve(turns.shift() ?? []);
	return {
		isFile: false,
		isDirectory: true,
		name: 'folder',
		fullPath: '/folder',
		createReader: () => ({ readEntries })
	};
}

describe('a dropped folder', () => {
	it('gives its files in order of name and lists those that cannot be read', async () => {
		const folder = folderEntry([
			fileEntry('10.jpg', true),
			fileEntry('gone.jpg', false),
			fileEntry('2.jpg', true),
			fileEntry('.DS_Store', true)
		]);
		const transfer = { items: [{ webkitGetAsEntry: () => folder }], files: [] } as unknown as DataTransfer;
		const { files, missing } = await droppedFiles(dropOf(transfer));
		expect(files.map(({ name }) => name)).toEqual(['folder/2.jpg', 'folder/10.jpg']);
		expect(missing).toEqual(['folder/gone.jpg']);
	});
});
