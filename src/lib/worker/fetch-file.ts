/** Files of the site, read as a stream: with progress, and with an end where the server goes silent. */
import { AppError, type ErrorCode } from '../errors';

/** A server that sends nothing for this long is taken for dead. */
const STALL_MS = 20_000;

/** A file that analyser.worker.ts asked for before the rest of the worker's code was there. */
export interface AheadFile {
	readonly response: Promise<Response>;
	/** Ends it. */
	readonly controller: AbortController;
}

declare global {
	/** By address; whoever reads one takes it out. */
	var mienAhead: Map<string, AheadFile> | undefined;
}

/** Ends what was asked for ahead and turned out not to be wanted: until it is read it keeps others waiting. */
export function dropAhead(): void {
	for (const { controller } of globalThis.mienAhead?.values() ?? []) controller.abort();
	globalThis.mienAhead = undefined;
}

function takeAhead(url: string, cache: RequestCache): AheadFile | undefined {
	// Asked for anew, a file is not to be the one of before.
	const ahead = cache === 'reload' ? undefined : globalThis.mienAhead?.get(url);
	globalThis.mienAhead?.delete(url);
	return ahead;
}

export interface FetchOptions {
	/** Code of the error when the file cannot be had. */
	readonly unreachable: ErrorCode;
	/** Missing: a cached copy is checked with the server first. */
	readonly cache?: RequestCache;
	/** Told the number of bytes of every piece that arrives. */
	readonly onBytes?: (bytes: number) => void;
}

/**
 * The bytes at `url`. Throws an AppError of the code `unreachable` for no connection, an HTTP error or a stall.
 */
export async function fetchBytes(
	url: string,
	{ unreachable, cache = 'no-cache', onBytes }: FetchOptions
): Promise<Uint8Array<ArrayBuffer>> {
	const ahead = takeAhead(url, cache);
	const stalled = ahead?.controller ?? new AbortController();
	const failed = (what: string, cause?: unknown): AppError =>
		new AppError(unreachable, `${url}: ${what}`, cause, `${nameOf(url)}: ${what}.`);
	const expire = (): void => stalled.abort(failed(`nothing came for ${STALL_MS / 1000} s`));
	let timer = setTimeout(expire, STALL_MS);
	try {
		const response = await (ahead?.response ?? fetch(url, { cache, signal: stalled.signal }));
		if (!response.ok) throw failed(`status ${response.status}`);
		// The login of a hotel's network, or the start page of a host that has nothing there.
		if (response.headers.get('Content-Type')?.startsWith('text/html') === true) throw failed('a web page came instead');
		if (response.body === null) return new Uint8Array();
		const pieces: Uint8Array[] = [];
		const reader = response.body.getReader();
		for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
			clearTimeout(timer);
			timer = setTimeout(expire, STALL_MS);
			pieces.push(piece.value);
			onBytes?.(piece.value.byteLength);
		}
		return concatenate(pieces);
	} catch (error) {
		throw error instanceof AppError ? error : failed('it did not come', error);
	} finally {
		clearTimeout(timer);
	}
}

/** The name of the file at an address, with its folder. */
export function nameOf(url: string): string {
	return url.split('/').slice(-2).join('/');
}

/** The JSON in `bytes`. Throws an AppError of the code `invalid`, which names `url`, where there is none. */
export function parseJson(bytes: Uint8Array, url: string, invalid: ErrorCode): unknown {
	try {
		return JSON.parse(new TextDecoder().decode(bytes));
	} catch (error) {
		throw new AppError(invalid, `${nameOf(url)} is not JSON: ${String(error)}`, error);
	}
}

/** All pieces, one after another. */
function concatenate(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
	const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.byteLength, 0));
	let offset = 0;
	for (const piece of pieces) {
		whole.set(piece, offset);
		offset += piece.byteLength;
	}
	return whole;
}
