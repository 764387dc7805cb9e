/** The state of a session: one union, derived from the states of its two halves. */
import type { FrameResult } from '../core/types';
import type { AppError } from '../errors';
import type { FrameSource, SourceKind } from '../sources/source';

/** The analyser alone: `ready` once the chosen model runs. `progress`: the share of the start that is done, 0..1. */
export type Engine = { kind: 'loading'; progress: number } | { kind: 'ready' } | { kind: 'failed'; error: AppError };

/** The source alone. */
export type View =
	| { kind: 'none' }
	| { kind: 'opening'; sourceKind: SourceKind }
	| { kind: 'open'; source: FrameSource }
	| { kind: 'failed'; error: AppError };

const OPENING = {
	camera: { kind: 'requesting-camera' },
	photo: { kind: 'opening-picture' },
	stream: { kind: 'opening-stream' }
} as const;

export type Status =
	| { kind: 'idle' }
	/** `progress`: 0..1. */
	| { kind: 'loading'; progress: number }
	| { kind: 'requesting-camera' }
	| { kind: 'opening-picture' }
	| { kind: 'opening-stream' }
	/** Live. */
	| { kind: 'running' }
	/** A still: under way; being searched, while what a glance found is shown; done. */
	| { kind: 'analysing' }
	| { kind: 'searching' }
	| { kind: 'done' }
	| { kind: 'failed'; error: AppError };

/** The combined status: what keeps the visitor waiting comes first. `isGlance`: the result is of a first look. */
export function statusOf(engine: Engine, view: View, result: FrameResult | null, isGlance: boolean): Status {
	if (view.kind === 'failed') return view;
	if (view.kind === 'opening') return OPENING[view.sourceKind];
	if (engine.kind !== 'ready') return engine;
	if (view.kind === 'none') return { kind: 'idle' };
	if (view.source.live) return { kind: 'running' };
	if (result === null) return { kind: 'analysing' };
	return { kind: isGlance ? 'searching' : 'done' };
}

/** The status in a few words. */
export function statusText(status: Status): string {
	switch (status.kind) {
		case 'idle':
			return 'Ready';
		case 'loading':
			return `Getting ready… ${Math.round(status.progress * 100)} %`;
		case 'requesting-camera':
			return 'Waiting for the camera';
		case 'opening-picture':
			return 'Opening the picture';
		case 'opening-stream':
			return 'Opening the stream';
		case 'running':
			return 'Live';
		case 'analysing':
			return 'Looking for faces';
		case 'searching':
			return 'Looking for small faces';
		case 'done':
			return 'Done';
		case 'failed':
			return 'Stopped';
	}
}

/** How the status should look. */
export function statusTone({ kind }: Status): 'calm' | 'busy' | 'live' | 'failed' {
	switch (kind) {
		case 'loading':
		case 'requesting-camera':
		case 'opening-picture':
		case 'opening-stream':
		case 'analysing':
		case 'searching':
			return 'busy';
		case 'running':
			return 'live';
		case 'failed':
			return 'failed';
		case 'idle':
		case 'done':
			return 'calm';
	}
}
