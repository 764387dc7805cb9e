/** Files that are either whole or not there: written under a temporary name, flushed, then renamed. */
import { createHash } from 'node:crypto';
import {
	closeSync,
	existsSync,
	fsyncSync,
	mkdirSync,
	openSync,
	renameSync,
	rmSync,
	statSync,
	writeSync
} from 'node:fs';
import path from 'node:path';
import { UserError, messageOf } from './errors';

/** Throws UserError if `file` is missing or a folder; `takes` says what is expected. */
export function requireFile(file: string, takes: string): void {
	const stats = statSync(file, { throwIfNoEntry: false });
	if (!stats) throw new UserError(`There is no file ${file}. ${takes}`);
	if (stats.isDirectory()) throw new UserError(`${file} is a folder. ${takes}`);
}

/** Makes `dir` and the folders around it. Node's own `recursive` never ends where none can be made, as in /proc. */
export function makeFolder(dir: string): void {
	if (existsSync(dir)) return;
	makeFolder(path.dirname(dir));
	try {
		mkdirSync(dir);
	} catch (thrown) {
		// Another process may have made it.
		if (!existsSync(dir)) throw thrown;
	}
}

/** Writes the chunks one after another to `file`. Throws UserError (disk full, no permission) and then leaves no trace. */
export function writeWhole(file: string, chunks: readonly (string | Uint8Array)[]): void {
	const temporary = `${file}.${String(process.pid)}.part`;
	try {
		makeFolder(path.dirname(file));
		const handle = openSync(temporary, 'w');
		try {
			for (const chunk of chunks) {
				const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
				let written = 0;
				while (written < bytes.length) written += writeSync(handle, bytes, written);
			}
			fsyncSync(handle);
		} finally {
			closeSync(handle);
		}
		renameSync(temporary, file);
	} catch (thrown) {
		rmSync(temporary, { force: true });
		throw new UserError(
			`${file} could not be written: ${messageOf(thrown)}. Free some space or choose another folder.`
		);
	}
}

/**
 * Replaces `dir` with a folder that `fill` fills: as a whole, or not at all if `fill` rejects or the process ends
 * first. Cleans up first what an earlier process left when it ended midway.
 */
export async function replaceFolder<T>(dir: string, fill: (dir: string) => Promise<T>): Promise<T> {
	const [next, previous] = [`${dir}.next`, `${dir}.previous`];
	restoreFolder(dir);
	rmSync(next, { recursive: true, force: true });
	makeFolder(next);
	try {
		const result = await fill(next);
		if (existsSync(dir)) renameSync(dir, previous);
		renameSync(next, dir);
		rmSync(previous, { recursive: true, force: true });
		return result;
	} catch (thrown) {
		rmSync(next, { recursive: true, force: true });
		restoreFolder(dir);
		throw thrown;
	}
}

/** Restores the previous folder if a process ended between the two renames. */
function restoreFolder(dir: string): void {
	const previous = `${dir}.previous`;
	if (!existsSync(previous)) return;
	if (existsSync(dir)) rmSync(previous, { recursive: true });
	else renameSync(previous, dir);
}

/** SHA-256 of the chunks one after another, as 64 hex digits. */
export function sha256(...chunks: readonly (string | Uint8Array)[]): string {
	const hash = createHash('sha256');
	for (const chunk of chunks) hash.update(chunk);
	return hash.digest('hex');
}
