/** Paths of requests. */

export interface Target {
	/** As sent, from its first slash on. */
	readonly path: string;
	/** With its "?", or empty. */
	readonly search: string;
}

/** What a request line asks for, in origin or absolute form; null if it cannot be parsed. */
export function parseTarget(url: string | undefined): Target | null {
	if (url === undefined) return null;
	let asked = url;
	if (!url.startsWith('/')) {
		// The form that proxies get: the host that counts is in the header.
		const [, rest] = /^https?:\/\/[^/?#\s]+(.*)$/is.exec(url) ?? [];
		if (rest === undefined || !URL.canParse(url)) return null;
		asked = rest.startsWith('/') ? rest : `/${rest}`;
	}
	const [, path = '', search = ''] = /^([^?#]*)(\?[^#]*)?/s.exec(asked) ?? [];
	return { path, search };
}

const UTF8 = new TextDecoder();

/**
 * Whether a path, decoded as often and as strangely as a server might, has a step up or a character that no path has:
 * requests below a proxied path must not lead out of it.
 */
export function leadsOut(path: string): boolean {
	let decoded = path;
	for (let times = 0; times < 8; times++) {
		// "%u002e" is IIS's; bytes C0 and C1, E0 80 and F0 80 begin overlong forms of ASCII characters.
		if (/%u[\da-f]{4}|%c[01]|%e0%[89]|%f0%8|%[01][\da-f]|%7f/i.test(decoded)) return true;
		if (/[\p{Cc}\\]/u.test(decoded)) return true;
		const plain = decoded.normalize('NFKC');
		if (plain.includes('\\') || plain.split('/').some((step) => /^\.\.?(;|$)/.test(step))) return true;
		const next = decoded.replace(/(?:%[\da-f]{2})+/gi, (bytes) =>
			UTF8.decode(Buffer.from(bytes.replaceAll('%', ''), 'hex'))
		);
		if (next === decoded) return false;
		decoded = next;
	}
	return true;
}
