import { AppError } from '../errors';
import { decodePicture, type DecodedPicture } from '../pictures/decode';
import { fitWithin, type Size } from './scale';
import type { FrameSource } from './source';

/** Longer sides: the shown picture keeps its detail on large screens, the analysed one allows fast detection. */
const SHOWN_SIDE_PX = 4096;
const ANALYSED_SIDE_PX = 1920;
const FETCH_LIMIT_MS = 20_000;

/** Fetches the file at an address of this site. Rejects with picture-unreachable. */
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
	/** Size of the file's picture, turned upright; null until started. */
	size: Size | null = null;
	readonly #load: (signal: AbortSignal) => Promise<Blob>;
	readonly #description: string;

	/** `load` returns the file; `description` is what screen readers say about the picture, such as its name. */
	constructor(load: (signal: AbortSignal) => Promise<Blob>, description: string) {
		this.#load = load;
		this.#description = description;
	}

	async start(signal: AbortSignal): Promise<void> {
		const blob = await this.#load(signal);
		const { bitmap, size } = await decodePicture(blob, SHOWN_SIDE_PX, drawVector);
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
		// An empty canvas frees its pixels at once, without waiting for garbage collection.
		this.element.width = 0;
		this.element.height = 0;
		this.element = null;
	}
}

/** Draws an SVG through an image element; one without its own size gets the size of its view box. */
async function drawVector(file: Blob, maxSidePx: number): Promise<DecodedPicture> {
	const text = await file.text();
	const url = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
	try {
		const image = new Image();
		await new Promise((resolve, reject) => {
			image.onload = resolve;
			image.onerror = reject;
			image.src = url;
		});
		const [, , boxWidth = 0, boxHeight = 0] = (/\sviewBox\s*=\s*["']([^"']*)/.exec(text)?.[1] ?? '')
			.trim()
			.split(/[\s,]+/)
			.map(Number);
		const own = { width: image.naturalWidth, height: image.naturalHeight };
		const isSized = /<svg[^>]*\swidth\s*=/.test(text) || !(boxWidth > 0 && boxHeight > 0);
		const wanted = isSized && own.width > 0 && own.height > 0 ? own : { width: boxWidth, height: boxHeight };
		const size = { width: Math.max(1, Math.round(wanted.width)), height: Math.max(1, Math.round(wanted.height)) };
		const { width, height } = fitWithin(size, maxSidePx);
		const canvas = new OffscreenCanvas(width, height);
		const context = canvas.getContext('2d');
		if (context === null) throw new Error('no 2d context');
		context.drawImage(image, 0, 0, width, height);
		// Throws if the page may not read its pixels.
		context.getImageData(0, 0, 1, 1);
		return { bitmap: canvas.transferToImageBitmap(), size };
	} catch (thrown) {
		const said = 'It is an SVG that this browser cannot draw, or does not let the page read.';
		throw new AppError('picture-damaged', 'the SVG could not be drawn', thrown, said);
	} finally {
		URL.revokeObjectURL(url);
	}
}
