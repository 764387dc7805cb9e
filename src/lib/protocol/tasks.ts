/** Messages for tasks beside the live analysis, each over its own port: the speed and the accuracy of models. */
import type { Prior } from '../core/types';
import type { NamedBlob, TableInfo } from '../data-sets/tables';
import type { ErrorCode } from '../errors';

/** Which rows of the chosen tables are measured. */
export interface RowChoice {
	/** Name of one of several tables; null for all of them. */
	readonly table: string | null;
	/** Their usage, as stated in the table; null for all rows. */
	readonly usages: readonly (string | null)[] | null;
	/** Name of these rows, shown with the figures. */
	readonly title: string;
}

/** What the pictures of a folder show: cropped faces, whole photos, or decided by size (up to 64 pixels: a face). */
export const PICTURE_KINDS = ['auto', 'faces', 'photos'] as const;
export type PictureKind = (typeof PICTURE_KINDS)[number];

export interface LabelledFile {
	/** Path within the chosen folder. */
	readonly name: string;
	readonly label: string;
	readonly file: Blob;
}

export interface BenchmarkRequest {
	readonly models: readonly string[];
	/** Whether each model's answer is the mean for a face and its mirror image. */
	readonly mirrored: boolean;
	/** 'everyday' weighs labels as in photos. */
	readonly prior: Prior;
	readonly source:
		| {
				readonly kind: 'csv';
				readonly files: readonly NamedBlob[];
				readonly rows: RowChoice;
				/** What label numbers mean; null if there are none. */
				readonly numbering: { readonly title: string; readonly labels: ReadonlyMap<number, string | null> } | null;
		  }
		| { readonly kind: 'pictures'; readonly files: readonly LabelledFile[]; readonly show: PictureKind };
}

/** A picture or row that is not counted, and why. */
export interface Problem {
	readonly kind: 'unreadable' | 'no-face' | 'unknown-label' | 'no-table';
	readonly name: string;
	readonly detail: string;
}

/** What one model has said so far: counts [true label][predicted label]. */
export interface Tally {
	readonly model: string;
	readonly labels: readonly string[];
	readonly confusion: readonly (readonly number[])[];
	/** Pictures counted. */
	readonly n: number;
	/** Fractions of 0..1. */
	readonly accuracy: number;
	readonly macroF1: number;
	/** Recall of each label. */
	readonly perClass: readonly number[];
}

export interface BenchmarkProgress {
	/** Models are loaded; the file is read; pictures are classified. */
	readonly phase: 'loading' | 'reading' | 'running';
	/** In pictures; while a file is read, in bytes. */
	readonly done: number;
	readonly total: number;
	/** Milliseconds of this phase, without pauses. */
	readonly elapsedMs: number;
	readonly tallies: readonly Tally[];
	/** Problems since the last message. */
	readonly problems: readonly Problem[];
	/**
	 * Pictures identical to an earlier one, which are counted all the same; `otherwise` of them under another label.
	 */
	readonly repeats: { readonly all: number; readonly otherwise: number };
}

/** Time of one face through one model, batch of one. */
export interface Speed {
	readonly model: string;
	readonly medianMs: number;
	readonly bestMs: number;
	readonly runs: number;
}

export type TaskRequest =
	| { readonly type: 'speed'; readonly models: readonly string[] }
	| { readonly type: 'inspect'; readonly files: readonly NamedBlob[] }
	| { readonly type: 'benchmark'; readonly request: BenchmarkRequest };

/** The first message is the request. */
export type ToTask = TaskRequest | { readonly type: 'pause' | 'resume' | 'cancel' };

interface TaskFailure {
	readonly code: ErrorCode;
	readonly message: string;
	/** As in AppError. */
	readonly said: string | null;
}

/** The last message is 'done' or 'failed'. */
export type FromTask =
	| { readonly type: 'speed'; readonly speed: Speed }
	| { readonly type: 'tables'; readonly tables: readonly TableInfo[]; readonly skipped: readonly Problem[] }
	| { readonly type: 'progress'; readonly progress: BenchmarkProgress }
	| { readonly type: 'done'; readonly cancelled: boolean }
	| { readonly type: 'failed'; readonly failure: TaskFailure };
