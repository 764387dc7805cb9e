/** `static/models/index.json`: what training ships and the front end offers. Training writes it, the worker reads it. */
import type { InputSpec } from './core/types';
import { AppError } from './errors';

export const MANIFEST_SCHEMA = 1;

/** Figures on one split; `perClass` is the recall of each label, in the order of `labels`. All are fractions of 0..1. */
export interface SplitMetrics {
	readonly n: number;
	readonly accuracy: number;
	readonly macroF1: number;
	readonly perClass: readonly number[];
}

export interface Trained {
	/** ISO date. */
	readonly date: string;
	readonly commit: string;
	readonly recipe: string;
	readonly backend: string;
	/** What the weights started from: "scratch", or the name of a pretrained base. */
	readonly base: string;
}

export interface ModelEntry {
	/** Lower-case letters, digits and hyphens; also the folder's name. */
	readonly id: string;
	readonly title: string;
	/** Address of model.json, relative to the manifest. */
	readonly url: string;
	/** Size of model.json and its weights together. */
	readonly bytes: number;
	/** Of the weight shards, concatenated; 64 hex digits. */
	readonly sha256: string;
	readonly parameters: number;
	/** Multiply-adds of one forward pass of one face. */
	readonly multiplyAdds: number;
	readonly labels: readonly string[];
	readonly input: InputSpec;
	/** Softmax temperature fitted on PublicTest; 1 changes nothing. */
	readonly temperature: number;
	/** By split: "public", "private", "paper". */
	readonly metrics: Readonly<Record<string, SplitMetrics>>;
	readonly trained: Trained;
}

export interface DetectorEntry {
	readonly id: string;
	readonly title: string;
	readonly url: string;
	readonly bytes: number;
	readonly sha256: string;
	/** Side of the square input in pixels. */
	readonly inputSize: number;
}

export interface Manifest {
	readonly schema: typeof MANIFEST_SCHEMA;
	/** Id of the model that a new visitor sees. */
	readonly default: string;
	readonly detector: DetectorEntry;
	readonly models: readonly ModelEntry[];
}
