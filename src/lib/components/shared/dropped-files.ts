/** Files that were chosen, dropped or pasted, including those of whole folders. */

export interface NamedFile {
	/** With its folders, if it came in one. */
	readonly name: string;
	readonly file: File;
}

/** Files that operating systems leave in folders. */
const CLUTTER = /(^|\/)(\.[^/]*|Thumbs\.db|desktop\.ini)$/i;

export function namedFiles(files: Iterable<File>): NamedFile[] {
	return [...files]
		.map((file) => ({ name: file.webkitRelativePath || file.name || 'Pasted picture', file }))
		.filter(({ name }) => !CLUTTER.test(name));
}

/** Whether an event targets a text field, which takes addresses as text. */
export function isForField({ target }: Event): boolean {
	return target instanceof Element && target.closest('input, textarea, [contenteditable]') !== null;
}

/** What a drop holds while its event is handled. */
export interface Drop {
	readonly files: readonly File[];
	/** Null for what is not a file or a folder. */
	readonly entries: readonly (FileSystemEntry | null)[];
}

declare global {
	/** What was dropped last before the page's code was there, kept by src/first.js; null once it is. */
	var mienDropped: Drop | null | undefined;
}

export function dropOf({ files, items }: DataTransfer): Drop {
	return { files: [...files], entries: [...items].map((item) => item.webkitGetAsEntry()) };
}

/** What was dropped on the page before its code was there, if anything, once. */
export function takeEarlyDrop(): Drop | null {
	const drop = globalThis.mienDropped ?? null;
	globalThis.mienDropped = null;
	return drop;
}

/** The content of a drop. */
export interface Dropped {
	readonly files: readonly NamedFile[];
	/** Names of files and folders that could not be read: moved in the meantime, or no permission. */
	readonly missing: readonly string[];
}

/** The files of a drop, with those in folders. */
export async function droppedFiles(drop: Drop): Promise<Dropped> {
	const entries = drop.entries.filter((entry) => entry !== null);
	if (!entries.some(isDirectory)) return { files: namedFiles(drop.files), missing: [] };
	const found: NamedFile[] = [];
	const missing: string[] = [];
	for (const entry of entries) found.push(...(await filesOf(entry, missing)));
	return { files: found.filter(({ name }) => !CLUTTER.test(name)), missing };
}

/** Told apart by their flags: Chromium has no constructors of these names for instanceof. */
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

/** Adds the names of unreadable entries to `missing`, so that the others are not lost. */
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
	// A reader returns a hundred entries at a time, and none at the end.
	for (;;) {
		const some = await new Promise<FileSystemEntry[]>((...settle) => reader.readEntries(...settle));
		if (some.length === 0) break;
		children.push(...some);
	}
	return children.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}
