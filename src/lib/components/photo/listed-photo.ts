import type { FrameResult } from '../../core/types';
import type { ErrorCode } from '../../errors';

/** A picture as the list shows it. */
export interface ListedPhoto {
	readonly name: string;
	/** URL of the thumbnail, once there is one. */
	readonly thumbnail: string | null;
	readonly state:
		| { kind: 'waiting' | 'working' | 'cancelled' }
		| { kind: 'done'; result: FrameResult }
		| { kind: 'failed'; error: { code: ErrorCode } };
}
