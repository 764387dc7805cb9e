/** Fetches large files from public storage: keeps what is already there, and passes on nothing unverified. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UserError, messageOf } from '../lib/errors';
import { makeFolder } from '../lib/files';

export interface RemoteFile {
	readonly url: string;
	readonly bytes: number;
	readonly md5: string;
}

/** The connection is given up after this long without a byte. */
const SILENCE_MS = 30_000;

function sizeOf(file: string): number {
	return existsSync(file) ? statSync(file).size : 0;
}

async function md5Of(file: string): Promise<string> {
	const hash = createHash('md5');
	for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
	return hash.digest('hex');
}

/** What is wrong with `file` as a copy of `remote`, or undefined. */
async function faultOf(file: string, { bytes, md5 }: RemoteFile): Promise<string | undefined> {
	const size = sizeOf(file);
	if (size !== bytes) return `it has ${String(size)} bytes, not ${String(bytes)}`;
	const found = await md5Of(file);
	return found === md5 ? undefined : `its MD5 is ${found}, not ${md5}`;
}

/**
 * Makes `file` a verified copy of `remote`. An interrupted download resumes where it ended (`<file>.part`). `onBytes`
 * gets how many bytes are there. Throws UserError; if the file cannot be fetched, it says how to put it there by hand.
 */
export async function download(
	remote: RemoteFile,
	file: string,
	onBytes: (there: number) => void = () => undefined
): Promise<void> {
	if (existsSync(file)) {
		const fault = await faultOf(file, remote);
		if (fault === undefined) return;
		throw new UserError(`${file} is not the file that was published: ${fault}. Delete it, or put the right one there.`);
	}
	const part = `${file}.part`;
	try {
		makeFolder(path.dirname(file));
		if (sizeOf(part) !== remote.bytes) await fetchRest(remote, part, onBytes);
	} catch (thrown) {
		const cause = thrown instanceof Error && thrown.cause !== undefined ? ` (${messageOf(thrown.cause)})` : '';
		throw new UserError(
			`${remote.url} could not be fetched: ${messageOf(thrown)}${cause}. Run the same command again to resume from ` +
				`${String(sizeOf(part))} of ${String(remote.bytes)} bytes, or fetch it by other means and put it there:\n${file}`
		);
	}
	const fault = await faultOf(part, remote);
	if (fault !== undefined) {
		rmSync(part);
		throw new UserError(
			`${remote.url} gave a different file than was published: ${fault}. It was deleted; try again later, or put the right ` +
				`one there:\n${file}`
		);
	}
	renameSync(part, file);
}

async function fetchRest({ url, bytes }: RemoteFile, part: string, onBytes: (there: number) => void): Promise<void> {
	let there = sizeOf(part);
	if (there > bytes) {
		rmSync(part);
		there = 0;
	}
	const controller = new AbortController();
	const giveUp = (): void => {
		controller.abort(new Error(`nothing came for ${String(SILENCE_MS / 1000)} s`));
	};
	let timer = setTimeout(giveUp, SILENCE_MS);
	try {
		const headers = there > 0 ? { Range: `bytes=${String(there)}-` } : undefined;
		const response = await fetch(url, { ...(headers && { headers }), signal: controller.signal });
		if (!response.ok || !response.body) throw new Error(`the server answered ${String(response.status)}`);
		// A server without range support sends the whole file again.
		const goesOn = response.status === 206;
		if (!goesOn) there = 0;
		onBytes(there);
		const reader = response.body.getReader();
		const chunks = async function* (): AsyncGenerator<Uint8Array> {
			for (;;) {
				const next = (await reader.read()) as { done: boolean; value?: Uint8Array };
				if (!next.value) return;
				const chunk = next.value;
				clearTimeout(timer);
				timer = setTimeout(giveUp, SILENCE_MS);
				there += chunk.length;
				if (there > bytes) throw new Error(`more than ${String(bytes)} bytes came`);
				onBytes(there);
				yield chunk;
			}
		};
		await pipeline(chunks, createWriteStream(part, { flags: goesOn ? 'a' : 'w' }));
	} finally {
		clearTimeout(timer);
	}
}
