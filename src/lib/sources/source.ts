/** Where pictures come from: cameras of this device, pictures, and network streams. */
import type { AppError } from '../errors';
import type { GrabbedFrame } from '../protocol';

export type SourceKind = 'camera' | 'photo' | 'stream';

export interface FrameSource {
	readonly kind: SourceKind;
	/** True if frames keep coming; false for a still. */
	readonly live: boolean;
	/** True if people expect to see themselves as in a mirror. */
	readonly mirrored: boolean;
	/** What the page can show; null until started, and for sources that only give frames. */
	readonly element: HTMLElement | null;
	/** Pictures that have come since the start, including skipped ones; missing if they are not counted. */
	readonly arrived?: number | undefined;
	/** Called at most once, when the source ends by itself; not after `stop`. */
	onend: ((error: AppError) => void) | null;
	/** Opens the source. Throws AppError; an AbortError when `signal` aborts first. */
	start(signal: AbortSignal): Promise<void>;
	/** The next frame not yet grabbed, for the caller to close or transfer; null once stopped or ended. */
	grab(): Promise<GrabbedFrame | null>;
	/** Releases everything; may be called at any time, and more than once. */
	stop(): void;
}
