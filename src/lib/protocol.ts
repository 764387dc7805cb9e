/** Every message between the page and its worker; both ends import this file. */
import type { Explanation, FrameResult, Prior, Use } from './core/types';
import type { ErrorCode } from './errors';
import type { Manifest } from './manifest';

/** Message of the error that a worker throws if its code cannot be loaded. */
export const WORKER_NOT_LOADED = 'mien-worker-not-loaded';

export type BackendName = 'webgpu' | 'webgl' | 'wasm' | 'cpu';

/** How one back end did at start: milliseconds for one frame's work (null if not measured), and a note. */
export interface BackendTrial {
	readonly name: BackendName;
	readonly ms: number | null;
	readonly note: string;
}

export interface BackendReport {
	readonly chosen: BackendName;
	/** Why this one, in one sentence. */
	readonly reason: string;
	readonly trials: readonly BackendTrial[];
	/** WASM threads in use; 1 for the other back ends. */
	readonly threads: number;
}

export interface WorkerSettings {
	/** Ids of the classifiers to run on every face; the first one's labels lead. */
	readonly models: readonly string[];
	/** Detections below this confidence (0..1) are dropped. */
	readonly minConfidence: number;
	/** At most this many faces are analysed in a live frame, up to 32; a still may have a hundred. */
	readonly maxFaces: number;
	/** Time constant of the smoothing in milliseconds; 0 switches it off. */
	readonly smoothingMs: number;
	readonly prior: Prior;
	/** What faces are read for: how much faces at rest count, if `prior` is 'everyday'. */
	readonly use: Use;
}

export interface Failure {
	readonly code: ErrorCode;
	readonly message: string;
	/** As in AppError. */
	readonly said: string | null;
}

/** How a frame is looked at. */
export interface FrameOptions {
	readonly timeMs: number;
	/** A single picture: no tracking, no smoothing. */
	readonly still: boolean;
	/**
	 * Height of the smallest faces to find, in frame pixels: a still is searched entirely, a live frame together with
	 * those after it, part by part. The first such frame waits for the far detector, unless it is `hurried`. Null: one
	 * look; for a still, only what that is sure of.
	 */
	readonly smallestFacePx: number | null;
	/** The frame cannot wait: while the far detector is loading, it gets one look. */
	readonly hurried?: boolean;
	/** Which of several cameras it comes from, 0 if there is one: each has its own tracked faces and turn of tiles. */
	readonly stream?: number;
}

/** A picture in the browser's own form, to be transferred; the last holder closes it. */
export type GrabbedFrame = ImageBitmap | VideoFrame;

export type ToWorker =
	/**
	 * First message. `baseUrl`: absolute address of static/ on this origin, ending in a slash. `model` will be
	 * requested first and is fetched while the back end is chosen; null: the manifest's default. `firstFaceId`: of the
	 * first tracked face, from 1. `known`: the report of an earlier visit, as kept by the page, still to be validated.
	 * `ahead`: files below `baseUrl` that will be needed first, to be fetched at once.
	 */
	| {
			type: 'start';
			baseUrl: string;
			backend: BackendName | 'auto';
			model: string | null;
			firstFaceId: number;
			known?: unknown;
			ahead?: readonly string[];
	  }
	/** New settings; frames and results of older generations are dropped. */
	| { type: 'configure'; generation: number; settings: WorkerSettings }
	/** The picture is transferred and closed by the worker. */
	| { type: 'frame'; generation: number; frameId: number; picture: GrabbedFrame; options: FrameOptions }
	/** Which parts of a face speak for its label? `input`: FaceResult.input. Frames may run in between. */
	| { type: 'explain'; requestId: number; modelId: string; input: Uint8Array }
	/**
	 * From the stream's next frame on, look at a face at rest for three seconds, then read it relative to that; without
	 * `learn`, no longer.
	 */
	| { type: 'rest'; stream: number; faceId: number; learn: boolean }
	/** Forget the tracked faces of a stream: another source starts. Their ids are not reused. */
	| { type: 'reset'; stream?: number }
	/** A port for one task beside the frames: see protocol/tasks.ts. */
	| { type: 'connect'; port: MessagePort }
	| { type: 'stats' };

export type FromWorker =
	| { type: 'progress'; stage: 'backend' | 'detector' | 'model' | 'compile'; loaded: number; total: number }
	| { type: 'ready'; backend: BackendReport; manifest: Manifest }
	/** The models of this generation are loaded and compiled. */
	| { type: 'configured'; generation: number }
	| { type: 'result'; generation: number; frameId: number; result: FrameResult }
	| { type: 'dropped'; generation: number; frameId: number }
	| { type: 'explained'; requestId: number; explanation: Explanation }
	/**
	 * With `frameId`: that frame failed. With `requestId`: that explanation. With `generation` alone: those settings.
	 * With none of them: the worker itself.
	 */
	| { type: 'failed'; generation?: number; frameId?: number; requestId?: number; failure: Failure }
	| { type: 'stats'; tensors: number; tensorBytes: number };
