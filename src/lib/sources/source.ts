/** Where pictures come from; camera.ts and photo.ts are its kinds. */
import type { AppError } from '../errors';

export type SourceKind = 'camera' | 'photo';

export interface FrameSource {
	readonly kind: SourceKind;
	/** True where one frame follows another; false for a still. */
	readonly live: boolean;
	/** True where people expect to see themselves as in a mirror. */
	readonly mirrored: boolean;
	/** What the page shows; null until started. */
	readonly element: HTMLElement | null;
	/** Called at most once, when the source ends by itself; not after `stop`. */
	onend: ((error: AppError) => void) | null;
	/** Opens the source. Throws AppError; an AbortError when `signal` aborts first. */
	start(signal: AbortSignal): Promise<void>;
	/** The next frame that was not grabbed yet, for the caller to close or transfer; null once stopped or ended. */
	grab(): Promise<ImageBitmap | null>;
	/** Releases everything; may be called at any time, and twice. */
	stop(): void;
}
