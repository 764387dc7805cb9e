/** Fetches files of the site as streams: with progress, and with a limit in case the server goes silent. */
import { AppError, type ErrorCode } from '../errors';

/** A server that sends nothing for this long is considered dead. */
const STALL_MS = 20_000;

/** A file that analyser.worker.ts requested before the rest of the worker's code was loaded. */
export interface AheadFile {
	readonly response: Promise<Response>;
	/** Aborts the request. */
	readonly controller: AbortController;
}

declare global {
	/** By address; readers remove the one they take. */
	var mienAhead: Map<string, AheadFile> | undefined;
}

/** Aborts requests made ahead that turned out to be unneeded: unread, they keep others waiting. */
export function dropAhead(): void {
	for (const { controller } of globalThis.mienAhead?.values() ?? []) controller.abort();
	globalThis.mienAhead = undefined;
}

function takeAhead(url: string, cache: RequestCache): AheadFile | undefined {
	// A reload must not return the earlier response.
	const ahead = cache === 'reload' ? undefined : globalThis.mienAhead?.get(url);
	globalThis.mienAhead?.delete(url);
	return ahead;
}

export interface FetchOptions {
	/** Code of the error if the file cannot be loaded. */
	readonly unreachable: ErrorCode;
	/** By default a cached copy is first checked with the server. */
	readonly cache?: RequestCache;
	/** Called with the number of bytes of every piece that arrives. */
	readonly onBytes?: (bytes: number) => void;
}

/**
 * The bytes at `url`. Throws an AppError with the code `unreachable` for no connection, an HTTP error or a stall.
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
		// The login page of a hotel's network, or the start page of a host that does not have the file.
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
		throw error instanceof AppError ? error : failed('it could not be loaded', error);
	} finally {
		clearTimeout(timer);
	}
}

/** The name of the file at an address, with its folder. */
export function nameOf(url: string): string {
	return url.split('/').slice(-2).join('/');
}

/** The JSON in `bytes`. Throws an AppError with the code `invalid` that names `url` if it is not JSON. */
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
