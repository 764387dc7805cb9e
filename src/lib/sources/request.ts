/** Requests to cameras and streaming servers. */
import { AppError } from '../errors';

/** Name and password for a camera; sent as HTTP Basic authentication, never as part of an address. */
export interface Login {
	readonly user: string;
	readonly password: string;
}

/**
 * The headers that carry a login to `url`. This site's own proxy reads it from Camera-Authorization: an Authorization
 * header may be meant for the site itself and is not passed on to a camera. Other servers only know Authorization.
 */
export function loginHeaders(url: string, { user, password }: Login): Readonly<Record<string, string>> {
	const bytes = new TextEncoder().encode(`${user}:${password}`);
	const Authorization = `Basic ${btoa(String.fromCharCode(...bytes))}`;
	const isOwnSite = new URL(url, location.href).origin === location.origin;
	return isOwnSite ? { Authorization, 'Camera-Authorization': Authorization } : { Authorization };
}

/** Statuses of a proxy or gateway that could not reach its upstream. */
const NOT_REACHED: readonly number[] = [502, 504];
/** Statuses that say that the stream cannot be delivered in this form. */
const NOT_IN_THIS_FORM: readonly number[] = [400, 406, 415, 422, 501];
const MOST_WORDS = 160;
const MOST_BYTES = 4096;

/**
 * An answer with status 2xx, its body not yet read. Throws stream-refused if a login is needed, stream-unreadable or
 * stream-answered, quoting the server, for any other answer, and stream-unreachable if nothing answered; the reason of
 * `signal` if that aborts first.
 */
export async function request(
	url: string,
	{ login, signal, limitMs, ...init }: RequestInit & { login: Login | null; signal: AbortSignal; limitMs: number }
): Promise<Response> {
	const headers = new Headers(init.headers);
	if (login !== null) {
		for (const [name, value] of Object.entries(loginHeaders(url, login))) headers.set(name, value);
	}
	// The limit is for the answer to begin: a stream itself never ends.
	const limited = new AbortController();
	const timer = setTimeout(() => limited.abort(new Error(`no answer within ${limitMs} ms`)), limitMs);
	try {
		const response = await fetch(url, {
			...init,
			headers,
			cache: 'no-store',
			// The site's own cookie tells its server that a page asks; other origins get none.
			credentials: 'same-origin',
			signal: AbortSignal.any([signal, limited.signal])
		});
		if (response.ok) return response;
		throw refusal(response.status, await wordsOf(response));
	} catch (thrown) {
		if (thrown instanceof AppError) throw thrown;
		signal.throwIfAborted();
		throw new AppError('stream-unreachable', String(thrown), thrown);
	} finally {
		clearTimeout(timer);
	}
}

/** The error for an answer with this status. `said`: the result of `wordsOf`. */
export function refusal(status: number, said: string): AppError {
	const isCodec = /codec|h\.?26[45]|hevc|unsupported (media|format)/i.test(said);
	const code =
		status === 401 || status === 403
			? 'stream-refused'
			: NOT_REACHED.includes(status)
				? 'stream-unreachable'
				: NOT_IN_THIS_FORM.includes(status) || isCodec
					? 'stream-unreadable'
					: 'stream-answered';
	return new AppError(code, `the answer has status ${status}`, undefined, said);
}

/**
 * What a server says in an answer without pictures: its status if that is an error, otherwise its type, and its words.
 */
export async function wordsOf(response: Response): Promise<string> {
	const type = (response.headers.get('Content-Type') ?? '').split(';')[0]?.trim() ?? '';
	const text = /^(text|application\/(json|problem\+json|xml|xhtml\+xml)|$)/i.test(type)
		? await beginning(response)
		: '';
	return sentence(response.status, type, text);
}

/** The sentence for the user. `text`: the start of the answer, if it is text. */
export function sentence(status: number, type: string, text: string): string {
	const words = plainWords(text);
	const what = status >= 400 || status === 0 ? `status ${status}` : type === '' ? 'something else' : type;
	return `The server answered with ${what}${words === '' ? '' : ` and says “${words}”`}.`;
}

/** The words in JSON, HTML, XML or plain text that tell what happened; empty if there are none. */
export function plainWords(text: string): string {
	try {
		const data: unknown = JSON.parse(text);
		if (typeof data === 'object' && data !== null) {
			const told = ['error', 'message', 'detail', 'title', 'description', 'statusString', 'reason']
				.map((key): unknown => (data as Record<string, unknown>)[key])
				.find((each) => typeof each === 'string' && each !== '');
			if (typeof told === 'string') return shortened(told);
		}
		if (typeof data === 'string') return shortened(data);
	} catch {
		// It is something else.
	}
	const title = /<title[^>]*>([^<]*)<\/title>/i.exec(text)?.[1] ?? '';
	if (title.trim() !== '') return shortened(title);
	return shortened(text.replace(/<(script|style)\b.*?<\/\1>/gis, ' ').replace(/<[^>]*>/g, ' '));
}

/** Any text as one line that fits on a screen. */
export function shortened(text: string): string {
	const line = text.replace(/[^\p{L}\p{N}\p{P}\p{S}]+/gu, ' ').trim();
	return line.length <= MOST_WORDS ? line : `${line.slice(0, MOST_WORDS - 1).trimEnd()}…`;
}

async function beginning(response: Response): Promise<string> {
	const reader = response.body?.getReader();
	if (reader === undefined) return '';
	const timer = setTimeout(() => void reader.cancel(), 2000);
	let text = '';
	try {
		const decoder = new TextDecoder();
		for (let piece = await reader.read(); !piece.done && text.length < MOST_BYTES; piece = await reader.read())
			text += decoder.decode(piece.value, { stream: true });
	} catch {
		// What came is enough.
	} finally {
		clearTimeout(timer);
	}
	reader.cancel().catch(() => undefined);
	return text.slice(0, MOST_BYTES);
}
