/** Pictures with the overlay drawn on top, as files. */
import { AppError } from '$lib/errors';
import { pictureWithOverlay } from '$lib/overlay/picture';
import { archive, type NamedFile } from '$lib/state/archive';
import type { Photo, Photos } from '$lib/state/photos.svelte';
import type { ShownModel } from '$lib/state/session.svelte';
import { overlayStyle } from '../overlay-style';

/** Throws if the picture was not read, and an AppError if it can no longer be opened. */
export function overlayPicture(photos: Photos, photo: Photo, model: ShownModel): Promise<NamedFile> {
	return photos.open(photo, new AbortController().signal, async ({ element }) => {
		if (element === null || photo.state.kind !== 'done') throw new Error(`${photo.name} has no result`);
		const data = await pictureWithOverlay(element, photo.state.result, model, overlayStyle(false));
		return { name: `${photo.name.replace(/\.[^./]*$/, '')}.png`, data };
	});
}

/** All pictures that were read, in one archive; `missing`: the names of those whose file can no longer be read. */
export async function overlayArchive(
	photos: Photos,
	list: readonly Photo[],
	model: ShownModel,
	onWritten: (count: number) => void
): Promise<{ written: Blob; missing: readonly string[] }> {
	const missing: string[] = [];
	const pictures = async function* () {
		let count = 0;
		for (const photo of list.filter(({ state }) => state.kind === 'done')) {
			try {
				yield await overlayPicture(photos, photo, model);
				onWritten(++count);
			} catch (thrown) {
				if (!(thrown instanceof AppError)) throw thrown;
				missing.push(photo.name);
			}
		}
	};
	return { written: await archive(pictures()), missing };
}
