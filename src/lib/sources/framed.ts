/** Another source, cut to a region and turned: for cameras that hang sideways or see too much. */
import type { AppError } from '../errors';
import type { GrabbedFrame } from '../protocol';
import { sizeOf, type Size } from './scale';
import type { FrameSource } from './source';

export type Quarter = 0 | 90 | 180 | 270;

export interface Framing {
	/** Part of the camera's picture, in fractions of its width and height; null for all of it. */
	readonly region: { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | null;
	/** Degrees, clockwise, after cutting. */
	readonly rotate: Quarter;
}

/** Where the region lies in a picture of this size, in whole pixels, and the size of the resulting frame. */
export function framedSize(
	picture: { readonly width: number; readonly height: number },
	{ region, rotate }: Framing
): { left: number; top: number; cutWidth: number; cutHeight: number; width: number; height: number } {
	const { x, y, width: w, height: h } = region ?? { x: 0, y: 0, width: 1, height: 1 };
	const left = Math.min(picture.width - 1, Math.round(x * picture.width));
	const top = Math.min(picture.height - 1, Math.round(y * picture.height));
	const cutWidth = Math.max(1, Math.min(picture.width - left, Math.round(w * picture.width)));
	const cutHeight = Math.max(1, Math.min(picture.height - top, Math.round(h * picture.height)));
	const lies = rotate === 90 || rotate === 270;
	return { left, top, cutWidth, cutHeight, width: lies ? cutHeight : cutWidth, height: lies ? cutWidth : cutHeight };
}

export interface FramedOptions {
	readonly mirrored: boolean;
	/** Least milliseconds from one frame to the next, asked for each: lets the processor rest. */
	readonly everyMs: () => number;
	/**
	 * Size at which `element` is shown, in device pixels, asked for each frame: it is drawn no larger, and not at all
	 * if it is not shown (null).
	 */
	readonly room: () => Size | null;
}

export class FramedSource implements FrameSource {
	readonly kind;
	readonly live;
	readonly mirrored;
	/** Shows the last frame that was grabbed and drawn. */
	element: HTMLCanvasElement | null = null;
	#context: CanvasRenderingContext2D | null = null;
	#takenMs = -Infinity;
	readonly #everyMs: () => number;
	readonly #room: () => Size | null;
	readonly #source: FrameSource;
	readonly #framing: Framing;

	constructor(source: FrameSource, framing: Framing, { mirrored, everyMs, room }: FramedOptions) {
		this.#everyMs = everyMs;
		this.#room = room;
		this.#source = source;
		this.#framing = framing;
		this.kind = source.kind;
		this.live = source.live;
		this.mirrored = mirrored;
	}

	get arrived(): number | undefined {
		return this.#source.arrived;
	}

	get onend(): ((error: AppError) => void) | null {
		return this.#source.onend;
	}

	set onend(handler: ((error: AppError) => void) | null) {
		this.#source.onend = handler;
	}

	async start(signal: AbortSignal): Promise<void> {
		await this.#source.start(signal);
		const canvas = document.createElement('canvas');
		this.#context = canvas.getContext('2d', { alpha: false });
		this.element = canvas;
	}

	async grab(): Promise<GrabbedFrame | null> {
		const restMs = this.#takenMs + this.#everyMs() - performance.now();
		if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
		this.#takenMs = performance.now();
		const picture = await this.#source.grab();
		const context = this.#context;
		const isWhole = this.#framing.region === null && this.#framing.rotate === 0;
		const room = isWhole ? this.#room() : null;
		if (picture === null || context === null || (isWhole && room === null)) return picture;
		try {
			this.#draw(picture, context, room);
		} catch (thrown) {
			picture.close();
			throw thrown;
		}
		if (isWhole) return picture;
		picture.close();
		return createImageBitmap(context.canvas);
	}

	/** Draws in full size, if this is what is analysed, or reduced to the size at which it is shown. */
	#draw(picture: GrabbedFrame, context: CanvasRenderingContext2D, room: Size | null): void {
		const { left, top, cutWidth, cutHeight, ...full } = framedSize(sizeOf(picture), this.#framing);
		const scale = room === null ? 1 : Math.min(1, room.width / full.width, room.height / full.height);
		const width = Math.max(1, Math.round(full.width * scale));
		const height = Math.max(1, Math.round(full.height * scale));
		const { canvas } = context;
		if (canvas.width !== width || canvas.height !== height) {
			canvas.width = width;
			canvas.height = height;
		}
		context.setTransform(1, 0, 0, 1, width / 2, height / 2);
		context.rotate((this.#framing.rotate * Math.PI) / 180);
		context.scale(width / full.width, height / full.height);
		context.drawImage(picture, left, top, cutWidth, cutHeight, -cutWidth / 2, -cutHeight / 2, cutWidth, cutHeight);
	}

	stop(): void {
		this.#source.stop();
		this.#context = null;
		if (this.element === null) return;
		// An empty canvas frees its pixels at once, without waiting for garbage collection.
		this.element.width = 0;
		this.element.height = 0;
	}
}
