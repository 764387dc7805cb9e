/** Cookies of one camera for one visitor: they stay between proxy and camera, and never reach the browser. */
import { parseSetCookie } from 'set-cookie-parser';

const MAX_COOKIES = 50;
const MAX_COOKIE_CHARS = 4096;

interface Kept {
	readonly name: string;
	readonly value: string;
	readonly path: string;
	/** Wall-clock time; Infinity if it lasts as long as the server. */
	readonly expiresMs: number;
}

export class CookieJar {
	readonly #kept = new Map<string, Kept>();

	/** Keeps the cookies set by an answer to a request for `asked` (a path), as of `nowMs` (RFC 6265, section 5.3). */
	store(setCookies: readonly string[], asked: string, nowMs: number): void {
		for (const { name, value, path, maxAge, expires } of parseSetCookie([...setCookies], {
			decodeValues: false,
			silent: true
		})) {
			if (name === '' || name.length + value.length > MAX_COOKIE_CHARS || /[^\x21-\x7e\x80-\xff ]/.test(name + value))
				continue;
			const own = path?.startsWith('/') === true ? path : defaultPath(asked);
			const dueMs = maxAge === undefined ? (expires?.getTime() ?? Infinity) : nowMs + maxAge * 1000;
			const key = `${name} ${own}`;
			this.#kept.delete(key);
			if (!(dueMs <= nowMs))
				this.#kept.set(key, { name, value, path: own, expiresMs: Number.isNaN(dueMs) ? Infinity : dueMs });
		}
		for (const key of this.#kept.keys()) {
			if (this.#kept.size <= MAX_COOKIES) break;
			this.#kept.delete(key);
		}
	}

	/** The Cookie header of a request for `asked` (a path), or null. */
	header(asked: string, nowMs: number): string | null {
		const [path = '/'] = asked.split('?');
		const sent = [...this.#kept.values()]
			.filter((cookie) => cookie.expiresMs > nowMs && isBelow(path, cookie.path))
			.sort((a, b) => b.path.length - a.path.length);
		return sent.length === 0 ? null : sent.map(({ name, value }) => `${name}=${value}`).join('; ');
	}
}

function defaultPath(asked: string): string {
	const [path = '/'] = asked.split('?');
	return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

function isBelow(path: string, folder: string): boolean {
	return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
