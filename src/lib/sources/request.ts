/** Requests to cameras and streaming servers. */
import { AppError } from '../errors';

/** Name and password for a camera; sent as HTTP Basic authentication, and never a part of an address. */
export interface Login {
	readonly user: string;
	readonly password: string;
}

/**
 * The headers that carry a login to `url`. The proxy of this site's own server takes it from one of its own: what a
 * browser sends as Authorization may be for the site, and does not reach a camera there. Other servers know only that.
 */
export function loginHeaders(url: string, { user, password }: Login): Readonly<Record<string, string>> {
	const bytes = new TextEncoder().encode(`${user}:${password}`);
	const Authorization = `Basic ${btoa(String.fromCharCode(...bytes))}`;
	const isOwnSite = new URL(url, location.href).origin === location.origin;
	return isOwnSite ? { Authorization, 'Camera-Authorization': Authorization } : { Authorization };
}

/**
 * An answer of status 2xx, whose body is still to be read. Throws stream-refused where a login is asked for, and
 * stream-unreachable otherwise; the reason of `signal` where that aborts first.
 */
export async function request(
	url: string,
	{ login, signal, limitMs, ...init }: RequestInit & { login: Login | null; signal: AbortSignal; limitMs: number }
): Promise<Response> {
	const headers = new Headers(init.headers);
	if (login !== null) {
		for (const [name, value] of Object.entries(loginHeaders(url, login))) headers.set(name, value);
	}
	// The limit is for the answer to begin: a stream itself lasts for ever.
	const limited = new AbortController();
	const timer = setTimeout(() => limited.abort(new Error(`no answer within ${limitMs} ms`)), limitMs);
	try {
		const response = await fetch(url, {
			...init,
			headers,
			cache: 'no-store',
			// The site's own cookie tells its server that a page asks; to other origins nothing goes.
			credentials: 'same-origin',
			signal: AbortSignal.any([signal, limited.signal])
		});
		if (response.ok) return response;
		await response.body?.cancel();
		const refused = response.status === 401 || response.status === 403;
		throw new AppError(refused ? 'stream-refused' : 'stream-unreachable', `the answer has status ${response.status}`);
	} catch (thrown) {
		if (thrown instanceof AppError) throw thrown;
		signal.throwIfAborted();
		throw new AppError('stream-unreachable', String(thrown), thrown);
	} finally {
		clearTimeout(timer);
	}
}
