/** Files in one: a ZIP, stored as they are, as pictures do not shrink by compressing them again. */

export interface NamedFile {
	readonly name: string;
	readonly data: Blob;
}

/** Files of one name get different ones: "a.png", "a (2).png". */
export async function archive(files: AsyncIterable<NamedFile>): Promise<Blob> {
	// Few visitors need it.
	const { downloadZip } = await import('client-zip');
	const entries = async function* () {
		const names = new Set<string>();
		for await (const { name, data } of files) {
			let unique = name;
			for (let copy = 2; names.has(unique); copy++) unique = name.replace(/(\.[^./]*)?$/, ` (${copy})$1`);
			names.add(unique);
			yield { name: unique, input: data };
		}
	};
	return downloadZip(entries()).blob();
}
