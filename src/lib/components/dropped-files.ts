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

/** The files of a drop; folders are walked through. Must be called before the event's handler returns. */
export async function droppedFiles(transfer: DataTransfer): Promise<NamedFile[]> {
	const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
	const plain = namedFiles(transfer.files);
	if (!entries.some(isDirectory)) return plain;
	const found: NamedFile[] = [];
	for (const entry of entries) found.push(...(await filesOf(entry)));
	return found.filter(({ name }) => !CLUTTER.test(name));
}

/** Told apart by their flags: Chromium has no constructors of these names to ask. */
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

async function filesOf(entry: FileSystemEntry): Promise<NamedFile[]> {
	if (isFile(entry)) {
		const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
		return [{ name: entry.fullPath.replace(/^\//, ''), file }];
	}
	if (!isDirectory(entry)) return [];
	const reader = entry.createReader();
	const children: FileSystemEntry[] = [];
	// A reader gives a hundred entries at a time, and none at the end.
	for (;;) {
		const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
		if (some.length === 0) break;
		children.push(...some);
	}
	children.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
	const found: NamedFile[] = [];
	for (const child of children) found.push(...(await filesOf(child)));
	return found;
}
