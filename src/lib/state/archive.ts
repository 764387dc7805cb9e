/** Several files in a ZIP, uncompressed, as compressing pictures again does not make them smaller. */

export interface NamedFile {
	readonly name: string;
	readonly data: Blob;
}

/** Device names on Windows, with any extension. */
const DEVICES = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$/i;
/** Windows allows paths of 260 characters, including the folder to unpack to. */
const MOST_CHARACTERS = 160;
const MOST_OF_ONE = 100;
/** Linux allows 255 bytes per name, encrypted folders 143; a Chinese or Arabic letter takes two or three. */
const MOST_BYTES_OF_ONE = 140;

/**
 * Each file under a name that Windows, macOS and Linux can write ("a:b.jpg" becomes "a_b.jpg"). If names are the same
 * to one of these systems (case may not count), the later ones are renamed: "a.png", "a (2).png".
 */
export async function archive(files: AsyncIterable<NamedFile>): Promise<Blob> {
	// Few visitors need it.
	const { downloadZip } = await import('client-zip');
	const entries = async function* () {
		const takenFiles = new Set<string>();
		const takenFolders = new Set<string>();
		for await (const { name, data } of files) {
			const path = safePath(name).split('/');
			const last = path.pop() ?? '_';
			let folder = '';
			for (const part of path) {
				let own = part;
				while (takenFiles.has(keyOf(folder + own))) own += '_';
				folder += own;
				takenFolders.add(keyOf(folder));
				folder += '/';
			}
			let unique = folder + last;
			for (let copy = 2; takenFiles.has(keyOf(unique)) || takenFolders.has(keyOf(unique)); copy++)
				unique = folder + last.replace(/(\.[^.]*)?$/, ` (${copy})$1`);
			takenFiles.add(keyOf(unique));
			yield { name: unique, input: data };
		}
	};
	return downloadZip(entries()).blob();
}

/** A relative path whose parts every system can write; never empty. */
export function safePath(name: string): string {
	const parts = name
		.normalize('NFC')
		.split(/[/\\]/)
		.map((part) =>
			part
				.replace(/[<>:"|?*\p{C}]/gu, '_')
				.trim()
				.replace(/[. ]+$/, '')
		)
		.filter((part) => part !== '' && !/^\.+$/.test(part))
		.map((part) => shortened(DEVICES.test(part.split('.')[0]?.trim() ?? '') ? `_${part}` : part));
	// The outermost folders say least.
	while (parts.length > 1 && parts.join('/').length > MOST_CHARACTERS) parts.shift();
	return parts.length === 0 ? '_' : parts.join('/');
}

/** Keeps the extension; letters of two units are not split. */
function shortened(part: string): string {
	const isLong = (text: string): boolean =>
		text.length > MOST_OF_ONE || new TextEncoder().encode(text).length > MOST_BYTES_OF_ONE;
	if (!isLong(part)) return part;
	const extension = /\.[^.]{1,10}$/.exec(part)?.[0] ?? '';
	const letters = Array.from(part.slice(0, part.length - extension.length));
	while (isLong(letters.join('') + extension)) letters.pop();
	return letters.join('').trimEnd() + extension;
}

/** Equal for names that are the same to a system that ignores case or letter composition. */
function keyOf(name: string): string {
	return name.normalize('NFKC').toUpperCase().toLowerCase();
}
