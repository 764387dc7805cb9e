/** Pictures with what was found in them drawn over, as files. */
import { AppError } from '$lib/errors';
import { pictureWithOverlay } from '$lib/overlay/picture';
import type { Photo, Photos } from '$lib/state/photos.svelte';
import type { ShownModel } from '$lib/state/session.svelte';
import { zip, type ZipEntry } from '$lib/state/zip';
import { overlayStyle } from '../overlay-style';

/** Throws where the picture was not read, and an AppError where it can no longer be opened. */
export function overlayPicture(photos: Photos, photo: Photo, model: ShownModel): Promise<ZipEntry> {
	return photos.open(photo, new AbortController().signal, async ({ element }) => {
		if (element === null || photo.state.kind !== 'done') throw new Error(`${photo.name} has no result`);
		const data = await pictureWithOverlay(element, photo.state.result, model, overlayStyle(false));
		return { name: `${photo.name.replace(/\.[^./]*$/, '')}.png`, data };
	});
}

/**
 * All of them that were read in one archive, names made different where they are equal; `missing`: the names of those
 * whose file can no longer be read. Throws a RangeError where they are too many for one archive.
 */
export async function overlayArchive(
	photos: Photos,
	list: readonly Photo[],
	model: ShownModel,
	onWritten: (count: number) => void
): Promise<{ archive: Blob; missing: readonly string[] }> {
	const missing: string[] = [];
	const entries: ZipEntry[] = [];
	const names = new Set<string>();
	for (const photo of list.filter(({ state }) => state.kind === 'done')) {
		let picture: ZipEntry;
		try {
			picture = await overlayPicture(photos, photo, model);
		} catch (thrown) {
			if (!(thrown instanceof AppError)) throw thrown;
			missing.push(photo.name);
			continue;
		}
		const { name, data } = picture;
		let unique = name;
		for (let copy = 2; names.has(unique); copy++) unique = name.replace(/\.png$/, ` (${copy}).png`);
		names.add(unique);
		entries.push({ name: unique, data });
		onWritten(entries.length);
	}
	return { archive: await zip(entries), missing };
}
