/** Logs in to cameras: with Basic first, with Digest (RFC 7616) if the camera asks for it. */
import { DigestClient } from 'digest-fetch';

/** Under the library's names. */
const ALGORITHMS = ['MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess', 'SHA-512-256', 'SHA-512-256-sess'];

/** What Digest needs from the library, whose types say less. */
interface Digest {
	readonly digest: { nc: number; qop?: string | null };
	parseAuth(challenge: string): void;
	addAuth(
		url: string,
		options: { method: string; headers: Record<string, string> }
	): {
		headers: { Authorization: string };
	};
}

export class Login {
	readonly #name: string;
	readonly #password: string;
	#digest: Digest | null = null;

	/** `login`: "name:password". */
	constructor(login: string) {
		const colon = login.indexOf(':');
		this.#name = colon < 0 ? login : login.slice(0, colon);
		this.#password = colon < 0 ? '' : login.slice(colon + 1);
	}

	/** The Authorization header of a request. `path`: with its query, as sent. */
	header(method: string, path: string): string {
		if (this.#digest === null) return `Basic ${Buffer.from(`${this.#name}:${this.#password}`).toString('base64')}`;
		const { Authorization } = this.#digest.addAuth(`http://camera${path}`, { method, headers: {} }).headers;
		this.#digest.digest.nc++;
		return Authorization;
	}

	/**
	 * Takes the WWW-Authenticate headers of a 401 and tells whether to try again with `header`. Null if the camera asks
	 * only for kinds of login that are not supported.
	 */
	challenged(headers: readonly string[]): boolean | null {
		const challenges = splitChallenges(headers.join(', '));
		const digests = challenges.filter((challenge) => /^digest\s/i.test(challenge));
		for (const challenge of digests) {
			const named = (DigestClient.parse(challenge, 'algorithm') as string | null) ?? 'MD5';
			const algorithm = ALGORITHMS.find((known) => known.toLowerCase() === named.toLowerCase());
			if (algorithm === undefined) continue;
			const digest = new DigestClient(this.#name, this.#password, { algorithm }) as unknown as Digest;
			digest.parseAuth(challenge);
			if (digest.digest.qop === 'auth-int') continue;
			this.#digest = digest;
			return true;
		}
		const hadDigest = this.#digest !== null;
		this.#digest = null;
		if (challenges.some((challenge) => /^basic\b/i.test(challenge))) return hadDigest;
		return challenges.length === 0 ? false : null;
	}
}

/** Splits a header into challenges: commas separate both the challenges and the parameters of each. */
function splitChallenges(header: string): string[] {
	const starts = [...header.matchAll(/(?:^|,)\s*(?=[A-Za-z][\w-]*(?:\s+[\w-]+\s*=|\s*(?:,|$)))/g)].map(
		({ index, 0: { length } }) => index + length
	);
	return starts.map((start, at) => header.slice(start, starts[at + 1]).replace(/[,\s]+$/, ''));
}

/** "name:password" of a Basic Authorization header, or null. */
export function readBasic(header: string | undefined): string | null {
	const [, encoded] = /^Basic\s+([\w+/=-]+)\s*$/i.exec(header ?? '') ?? [];
	if (encoded === undefined) return null;
	const login = Buffer.from(encoded, 'base64').toString('utf8');
	return login.includes(':') ? login : null;
}
