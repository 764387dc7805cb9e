import { AppError } from '../errors';
import { checkWhole, undecodable } from './picture-file';
import { fitWithin, type Size } from './scale';
import type { FrameSource } from './source';

/** Longer sides: what is shown keeps its detail on large screens, what is analysed is fast to detect on. */
const SHOWN_SIDE_PX = 4096;
const ANALYSED_SIDE_PX = 1920;
const FETCH_LIMIT_MS = 20_000;

/** Gives the file at an address of this site. Rejects with picture-unreachable. */
export async function fetchPicture(url: string, signal: AbortSignal): Promise<Blob> {
	try {
		const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(FETCH_LIMIT_MS)]) });
		if (!response.ok) throw new Error(`status ${response.status}`);
		return await response.blob();
	} catch (thrown) {
		throw new AppError('picture-unreachable', `${url} could not be fetched`, thrown);
	}
}

/** A still picture from a file, turned as its EXIF data says. Coordinates of results are those of the analysed frame. */
export class PhotoSource implements FrameSource {
	readonly kind = 'photo';
	readonly live = false;
	readonly mirrored = false;
	readonly onend = null;
	element: HTMLCanvasElement | null = null;
	/** Of the file's picture, turned upright; null until started. */
	size: Size | null = null;
	readonly #load: (signal: AbortSignal) => Promise<Blob>;
	readonly #description: string;

	/** `load` gives the file; `description` is what screen readers say of the picture, such as its name. */
	constructor(load: (signal: AbortSignal) => Promise<Blob>, description: string) {
		this.#load = load;
		this.#description = description;
	}

	async start(signal: AbortSignal): Promise<void> {
		const blob = await this.#load(signal);
		await checkWhole(blob);
		const { bitmap, size } = await decode(blob);
		try {
			signal.throwIfAborted();
			const canvas = document.createElement('canvas');
			canvas.width = bitmap.width;
			canvas.height = bitmap.height;
			canvas.setAttribute('role', 'img');
			canvas.setAttribute('aria-label', this.#description);
			const context = canvas.getContext('2d');
			if (context === null) throw new AppError('picture-unreadable', 'no 2d context for the picture');
			context.drawImage(bitmap, 0, 0);
			this.element = canvas;
			this.size = size;
		} finally {
			bitmap.close();
		}
	}

	async grab(): Promise<ImageBitmap | null> {
		if (this.element === null) return null;
		const { width, height } = fitWithin(this.element, ANALYSED_SIDE_PX);
		if (width === this.element.width) return createImageBitmap(this.element);
		return createImageBitmap(this.element, { resizeWidth: width, resizeHeight: height, resizeQuality: 'high' });
	}

	stop(): void {
		if (this.element === null) return;
		// A canvas of no size gives its pixels back at once, without waiting for the collector.
		this.element.width = 0;
		this.element.height = 0;
		this.element = null;
	}
}

async function decode(blob: Blob): Promise<{ bitmap: ImageBitmap; size: Size }> {
	try {
		const size = await naturalSize(blob);
		const { width, height } = fitWithin(size, SHOWN_SIDE_PX);
		const turned: ImageBitmapOptions = { imageOrientation: 'from-image' };
		const options: ImageBitmapOptions =
			width === size.width ? turned : { ...turned, resizeWidth: width, resizeHeight: height, resizeQuality: 'high' };
		return { bitmap: await createImageBitmap(blob, options), size };
	} catch (thrown) {
		throw await undecodable(blob, thrown);
	}
}

/** Size after EXIF rotation, read from the file's head: an image element does not decode what is never drawn. */
async function naturalSize(blob: Blob): Promise<Size> {
	const url = URL.createObjectURL(blob);
	try {
		const image = new Image();
		await new Promise((resolve, reject) => {
			image.onload = resolve;
			image.onerror = reject;
			image.src = url;
		});
		return { width: image.naturalWidth, height: image.naturalHeight };
	} finally {
		URL.revokeObjectURL(url);
	}
}
