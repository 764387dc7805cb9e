/** What is known about a film besides its numbers: enough to go on reading it, and to say how it was read. */
import type { Prior } from '../../core/types';
import type { BackendName } from '../../protocol';
import type { FilmInfo } from '../../sources/film/film';
import type { Range } from './episodes';
import type { PeopleEdits } from './people';
import type { FilmModel } from './table';

/** How the frames are chosen and looked at. */
export interface ReadOptions {
	/** Null: every frame. */
	readonly perSecond: number | null;
	/** Seconds of the container; null: from the beginning, to the end. */
	readonly fromS: number | null;
	readonly toS: number | null;
	/**
	 * Height of the smallest faces to search for, in pixels of the film; null: one look, which finds near faces; 'auto':
	 * small ones are searched for if none is near, as live.
	 */
	readonly smallestFacePx: number | 'auto' | null;
}

export const DEFAULT_OPTIONS: ReadOptions = { perSecond: 10, fromS: null, toS: null, smallestFacePx: 'auto' };

/** Other settings that it was read with. */
export interface ReadRules {
	readonly prior: Prior;
	readonly minConfidence: number;
	readonly smoothingMs: number;
	readonly maxFaces: number;
}

/** A network that was used. */
export interface UsedNetwork {
	readonly id: string;
	readonly title: string;
	/** Hash of its weights. */
	readonly sha256: string;
	/** When it was trained, and from which commit; null for detectors, which were not trained here. */
	readonly trained: { readonly date: string; readonly commit: string } | null;
}

export interface UsedModel extends FilmModel {
	/** What the odds of each label were multiplied by; null: nothing. */
	readonly priorRatio: readonly number[] | null;
	/** The networks that it runs. */
	readonly networks: readonly UsedNetwork[];
}

export interface Reading {
	readonly options: ReadOptions;
	readonly rules: ReadRules;
	readonly models: readonly UsedModel[];
	readonly detectors: readonly UsedNetwork[];
	readonly engine: { readonly name: BackendName; readonly threads: number } | null;
	readonly application: string;
	readonly beganMs: number;
}

export interface Marker {
	readonly id: number;
	readonly timeS: number;
	readonly text: string;
}

/** What the visitor has added to a film. */
export interface Notes {
	readonly people: PeopleEdits;
	readonly markers: readonly Marker[];
	readonly excluded: readonly (Range & { readonly id: number })[];
	/** When second 0 was, in milliseconds since 1970; null if unknown. */
	readonly epochMs: number | null;
}

export interface FileStamp {
	readonly name: string;
	readonly bytes: number;
	readonly lastModified: number;
}

/** How reading ended: 'damaged' if frames in between could not be decoded; null if it has not. */
export type Ended = 'whole' | 'cancelled' | 'cut-short' | 'damaged' | null;

export interface FilmRecord {
	readonly key: string;
	readonly file: FileStamp;
	readonly sha256: string | null;
	readonly info: FilmInfo;
	readonly reading: Reading;
	readonly notes: Notes;
	/** Null: there is more to read. */
	readonly ended: Ended;
	/** Times whose frames cannot be decoded; missing in films that were kept by an earlier version. */
	readonly gaps?: readonly Range[];
	readonly frames: number;
	readonly lastS: number | null;
	/** Number of stored chunks. */
	readonly chunks: number;
	readonly updatedMs: number;
}

/** Whether two stamps are of the same file. */
export function isSameFile(a: FileStamp, b: FileStamp): boolean {
	return a.name === b.name && a.bytes === b.bytes && a.lastModified === b.lastModified;
}
