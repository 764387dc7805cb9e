/** Files that were chosen, dropped or pasted, those of whole folders among them. */

export interface NamedFile {
	/** With its folders where it came in one. */
	readonly name: string;
	readonly file: File;
}

/** What systems leave in every folder. */
const CLUTTER = /(^|\/)(\.[^/]*|Thumbs\.db|desktop\.ini)$/i;

export function namedFiles(files: Iterable<File>): NamedFile[] {
	return [...files]
		.map((file) => ({ name: file.webkitRelativePath || file.name || 'Pasted picture', file }))
		.filter(({ name }) => !CLUTTER.test(name));
}

/** Whether an event is about a field to write in, which takes addresses as text. */
export function isForField({ target }: Event): boolean {
	return target instanceof Element && target.closest('input, textarea, [contenteditable]') !== null;
}

/** What a drop holds. */
export interface Dropped {
	readonly files: readonly NamedFile[];
	/** Names of files and folders that could not be read: moved meanwhile, or not ours to read. */
	readonly missing: readonly string[];
}

/** The files of a drop; folders are walked through. Must be called before the event's handler returns. */
export async function droppedFiles(transfer: DataTransfer): Promise<Dropped> {
	const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
	const plain = namedFiles(transfer.files);
	if (!entries.some(isDirectory)) return { files: plain, missing: [] };
	const found: NamedFile[] = [];
	const missing: string[] = [];
	for (const entry of entries) found.push(...(await filesOf(entry, missing)));
	return { files: found.filter(({ name }) => !CLUTTER.test(name)), missing };
}

/** Told apart by their flags: Chromium has no constructors of these names to ask. */
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

/** Names of what cannot be read are added to `missing`: the others are not lost for it. */
async function filesOf(entry: FileSystemEntry, missing: string[]): Promise<NamedFile[]> {
	const name = entry.fullPath.replace(/^\//, '');
	try {
		if (isFile(entry)) return [{ name, file: await new Promise<File>((...settle) => entry.file(...settle)) }];
		if (!isDirectory(entry)) return [];
		const found: NamedFile[] = [];
		for (const child of await childrenOf(entry)) found.push(...(await filesOf(child, missing)));
		return found;
	} catch {
		missing.push(name);
		return [];
	}
}

/** In the order of their names. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
	const reader = folder.createReader();
	const children: FileSystemEntry[] = [];
	// A reader gives a hundred entries at a time, and none at the end.
	for (;;) {
		const some = await new Promise<FileSystemEntry[]>((...settle) => reader.readEntries(...settle));
		if (some.length === 0) break;
		children.push(...some);
	}
	return children.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}
