/** All that a run needs to resume, in one file that is either whole or refused. */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { UserError } from '../lib/errors';
import { sha256, writeWhole } from '../lib/files';
import type { State } from './state';

/** One line of the log. `train` is measured on augmented pictures while training, `validation` on PublicTest. */
export interface EpochLog {
	readonly epoch: number;
	readonly step: number;
	readonly size: number;
	readonly learningRate: number;
	readonly train: { readonly loss: number; readonly accuracy: number };
	readonly validation: { readonly loss: number; readonly accuracy: number };
	readonly imagesPerSecond: number;
	readonly seconds: number;
}

/** Sums over the pictures of an epoch so far. */
export interface EpochSums {
	loss: number;
	correct: number;
	n: number;
	seconds: number;
}

export interface Checkpoint {
	/** Hash of model, recipe, data and replicas: a checkpoint of anything else is refused. */
	readonly fingerprint: string;
	/** Steps done. */
	readonly step: number;
	/** For the current epoch, so that its log line is right after a restart. */
	readonly running: Readonly<EpochSums>;
	readonly history: readonly EpochLog[];
	/** The pretrained weights that the run started from, by name. */
	readonly base?: string;
	/** Where its arithmetic ran: back end and processor. */
	readonly backend?: string;
	readonly state: State;
}

const MAGIC = 'mien-checkpoint-1\n';
const HASH_LENGTH = 64;

/** Writes by rename and keeps the earlier file as `<file>.previous`. Throws UserError if there is no space. */
export function writeCheckpoint(file: string, checkpoint: Checkpoint): void {
	const { state, ...rest } = checkpoint;
	const tensors = [...state].map(([name, { shape }]) => ({ name, shape }));
	const header = `${JSON.stringify({ ...rest, tensors })}\n`;
	const body = [...state.values()].map(
		({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
	);
	const replaced = existsSync(file) ? `${file}.previous` : undefined;
	const next = `${file}.next`;
	writeWhole(next, [MAGIC, sha256(header, ...body), header, ...body]);
	if (replaced !== undefined) renameSync(file, replaced);
	renameSync(next, file);
}

/** Reads one file; throws UserError if it is cut short or damaged. */
export function readCheckpoint(file: string): Checkpoint {
	const bytes = readFileSync(file);
	const damaged = new UserError(`The checkpoint ${file} is damaged or cut short.`);
	const start = MAGIC.length + HASH_LENGTH;
	const body = bytes.subarray(start);
	if (bytes.subarray(0, start).toString('latin1') !== MAGIC + sha256(body)) throw damaged;
	const headerEnd = body.indexOf(10);
	const { tensors, ...rest } = JSON.parse(body.subarray(0, headerEnd).toString()) as Omit<Checkpoint, 'state'> & {
		tensors: { name: string; shape: number[] }[];
	};
	const state: State = new Map();
	let offset = headerEnd + 1;
	for (const { name, shape } of tensors) {
		const size = shape.reduce((product, side) => product * side, 1);
		// A copy, because the bytes may not lie on a multiple of four.
		const values = new Float32Array(Uint8Array.from(body.subarray(offset, offset + 4 * size)).buffer);
		state.set(name, { shape, values });
		offset += 4 * size;
	}
	return { ...rest, state };
}

/**
 * The newest whole checkpoint of this run, or undefined if there is none. `onProblem` gets a sentence for each file
 * that was skipped. Throws UserError if the only whole ones are of another run.
 */
export function findCheckpoint(
	file: string,
	fingerprint: string,
	onProblem: (sentence: string) => void
): Checkpoint | undefined {
	const previous = `${file}.previous`;
	let foreign: UserError | undefined;
	for (const candidate of [file, previous]) {
		if (!existsSync(candidate)) continue;
		let checkpoint: Checkpoint;
		try {
			checkpoint = readCheckpoint(candidate);
		} catch (thrown) {
			if (!(thrown instanceof UserError)) throw thrown;
			const isLast = candidate === previous || !existsSync(previous);
			onProblem(
				`${thrown.message} ${isLast ? 'There is no older one: the run starts again.' : 'An older one is tried.'}`
			);
			continue;
		}
		if (checkpoint.fingerprint === fingerprint) {
			if (foreign) onProblem(`${file} belongs to another run; the one before it is used.`);
			return checkpoint;
		}
		foreign ??= new UserError(
			`${candidate} belongs to another recipe, other --epochs or --batch-size, or another data file, pretrained weights or ` +
				'number of replicas. ' +
				'Run with the old settings to resume it, or with --fresh to start again (it is then moved aside).'
		);
	}
	if (foreign) throw foreign;
	return undefined;
}
