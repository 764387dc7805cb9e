/** Serves cameras and brokers below a path of this site, so that the pages' policy can stay at 'self'. */
import { isUtf8 } from 'node:buffer';
import { type ClientRequest, type IncomingMessage, request as ask, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, pipeline } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { AnswerError, AnswerStream } from './answer';
import { ConnectError, openConnection, reasonOf } from './connect';
import { CookieJar } from './cookies';
import type { Log } from './log';
import { Login, readBasic } from './login';
import type { Proxy } from './options';
import { leadsOut, type Target } from './path';

/** A proxy may have to wake its camera, which may send nothing before its first picture. */
const ANSWER_LIMIT_MS = 60_000;
/** Offers of WebRTC and commands are a few kilobytes. */
const MAX_KEPT_BYTES = 256 * 1024;
const MAX_HEADER_BYTES = 96 * 1024;
/** Logins given by the pages, each with the camera's cookies. */
const MAX_SESSIONS = 32;

/**
 * The login that a page gives for a camera. Not Authorization: that is for this site or a server in front of it, and
 * what a browser keeps for those must not reach a camera.
 */
export const LOGIN_HEADER = 'camera-authorization';

/** Headers of an answer that are passed on: cookies, policies and script permissions are up to this site. */
const PASSED_HEADERS: ReadonlySet<string> = new Set([
	...['content-type', 'content-length', 'content-encoding', 'content-range', 'content-disposition', 'accept-ranges'],
	...['cache-control', 'expires', 'date', 'etag', 'last-modified', 'link', 'retry-after', 'accept-patch', 'allow']
]);
/** Headers of a browser's request that stay here: for one hop, for this site, or about its pages. */
const KEPT_HEADERS: ReadonlySet<string> = new Set([
	...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
	...['host', 'cookie', 'authorization', 'proxy-authorization', 'referer', 'origin', LOGIN_HEADER]
]);
/** This site's pages show what a camera serves; opened as a page of its own, it may do nothing. */
const INERT = "sandbox; default-src 'none'";

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** WebKit (Safari) aborts a script's request if the answer is declared multipart; it reads plain bytes. */
const BYTES = 'application/octet-stream';

/** One visitor's, or shared by all who have no login of their own. */
interface Session {
	readonly login: Login | null;
	readonly cookies: CookieJar;
}

/** The client of a handshake, and what it already sent after it. */
export interface Client {
	readonly socket: Socket;
	readonly head: Buffer;
}

/** The beginning of a camera's answer; `upgraded` if it accepted the handshake. */
interface Answer {
	readonly message: IncomingMessage;
	readonly request: ClientRequest;
	readonly upgraded: { readonly stream: Duplex; readonly head: Buffer } | null;
}

export class CameraProxy {
	readonly path: string;
	/** Whether it logs in with a name and password, or a query, that visitors do not know. */
	readonly hasLogin: boolean;
	readonly #proxy: Proxy;
	readonly #target: URL;
	readonly #trusted: readonly string[];
	readonly #allow: readonly string[];
	readonly #log: Log;
	readonly #sessions = new Map<string, Session>();

	/**
	 * `trusted`: certificate fingerprints of this camera; `allow`: origins that pages may talk to besides this site.
	 */
	constructor(
		proxy: Proxy,
		{ trusted, allow }: { readonly trusted: readonly string[]; readonly allow: readonly string[] },
		log: Log
	) {
		this.path = proxy.path;
		this.hasLogin = proxy.auth !== null || proxy.query !== '';
		this.#proxy = proxy;
		this.#target = new URL(proxy.target);
		this.#trusted = trusted;
		this.#allow = allow;
		this.#log = log;
	}

	/** Whether `path` is this proxy's or lies below it. */
	takes(path: string): boolean {
		return path === this.path || path.startsWith(`${this.path}/`);
	}

	/** Passes on the camera's answer, or says why there is none. */
	async serve(request: IncomingMessage, response: ServerResponse, target: Target): Promise<void> {
		const path = this.#pathOf(target);
		if (path === null) {
			tell(response, 400, 'This path leads out of what is served here.');
			return;
		}
		const left = new AbortController();
		response.once('close', () => left.abort());
		try {
			const answer = await this.#ask(request, path, left.signal);
			if (answer.upgraded !== null) {
				answer.upgraded.stream.destroy();
				throw new AnswerError('it changed the protocol without being asked');
			}
			this.#pass(answer, request, response);
		} catch (error) {
			this.#refuse(error, response, left.signal);
		}
	}

	/** Answers a WebSocket handshake. `response`: for a refusal. */
	async upgrade(request: IncomingMessage, response: ServerResponse, target: Target, client: Client): Promise<void> {
		const path = this.#pathOf(target);
		if (path === null) {
			tell(response, 400, 'This path leads out of what is served here.');
			return;
		}
		const left = new AbortController();
		client.socket.once('close', () => left.abort());
		try {
			const answer = await this.#ask(request, path, left.signal, true);
			if (answer.upgraded === null) {
				this.#pass(answer, request, response);
				return;
			}
			join(client, answer.upgraded, handshake(answer.message), response);
		} catch (error) {
			this.#refuse(error, response, left.signal);
		}
	}

	/** The path to request from the camera; null if it would not lie below the target. */
	#pathOf({ path, search }: Target): string | null {
		const below = path.slice(this.path.length);
		if (leadsOut(below)) return null;
		const base = this.#target.pathname.replace(/\/$/, '');
		const whole = `${base}${below}` || '/';
		const queries = [search.slice(1), this.#proxy.query].filter((query) => query !== '');
		// Node reads bytes as Latin-1.
		return [whole, ...(queries.length === 0 ? [] : [queries.join('&')])]
			.join('?')
			.replace(/[^\x21-\x7e]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
	}

	#sessionOf(request: IncomingMessage): Session {
		const given = this.#proxy.auth ?? readBasic(single(request.headers[LOGIN_HEADER]));
		const key = given ?? '';
		const session = this.#sessions.get(key) ?? {
			login: given === null ? null : new Login(given),
			cookies: new CookieJar()
		};
		// The least recently used one is dropped.
		this.#sessions.delete(key);
		this.#sessions.set(key, session);
		const [oldest] = this.#sessions.keys();
		if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
		return session;
	}

	async #ask(request: IncomingMessage, path: string, signal: AbortSignal, upgrade = false): Promise<Answer> {
		const session = this.#sessionOf(request);
		const size = Number(
			request.headers['content-length'] ?? (request.headers['transfer-encoding'] === undefined ? 0 : NaN)
		);
		// A small body is sent in one piece with its head, and again if a login must follow; a large one is streamed.
		const body = upgrade || size === 0 ? Buffer.alloc(0) : size <= MAX_KEPT_BYTES ? await buffer(request) : null;
		const answer = await this.#askOnce(request, path, session, body, { signal, upgrade });
		const { message } = answer;
		if (message.statusCode !== 401 || session.login === null) return answer;
		const headers = valuesOf(message, 'www-authenticate');
		const verdict = session.login.challenged(headers);
		if (verdict === null) {
			const kinds = [...new Set(headers.map((header) => /^\s*([\w-]+)/.exec(header)?.[1] ?? ''))].join(', ');
			answer.request.destroy();
			throw new AnswerError(
				`it wants a kind of login that is not supported here (${kinds}): choose Digest with MD5 or SHA-256, or Basic, in its settings`
			);
		}
		if (!verdict || body === null) return answer;
		answer.request.destroy();
		return this.#askOnce(request, path, session, body, { signal, upgrade });
	}

	#askOnce(
		request: IncomingMessage,
		path: string,
		{ login, cookies }: Session,
		body: Buffer | null,
		{ signal, upgrade }: { signal: AbortSignal; upgrade: boolean }
	): Promise<Answer> {
		const { method = 'GET' } = request;
		const headers: Record<string, string | string[]> = { host: this.#target.host };
		for (const [name, value] of Object.entries(requestHeaders(request))) headers[name] = value;
		if (request.headers.origin !== undefined) headers['origin'] = this.#target.origin;
		if (login !== null) headers['authorization'] = login.header(method, path);
		const cookie = cookies.header(path, Date.now());
		if (cookie !== null) headers['cookie'] = cookie;
		headers['connection'] = upgrade ? 'Upgrade' : 'close';
		if (upgrade) headers['upgrade'] = 'websocket';
		if (body !== null && body.length > 0) headers['content-length'] = String(body.length);
		return new Promise((resolve, reject) => {
			const destination = { url: this.#target, path: this.path, trusted: this.#trusted };
			const asked = ask({
				method,
				path,
				headers,
				setHost: false,
				maxHeaderSize: MAX_HEADER_BYTES,
				createConnection: (_options, done) => {
					openConnection(destination, signal).then(
						(socket) => done(null, new AnswerStream(socket, method === 'HEAD')),
						(error: unknown) => done(error as Error, undefined as never)
					);
					return undefined;
				}
			});
			const abort = () => asked.destroy();
			const timer = setTimeout(() => {
				asked.destroy(new ConnectError(`it does not answer (nothing within ${ANSWER_LIMIT_MS / 1000} s)`, true));
			}, ANSWER_LIMIT_MS);
			const begin = (message: IncomingMessage, upgraded: Answer['upgraded']) => {
				clearTimeout(timer);
				// If the body ends with the connection, an error of the connection must not pass for its end.
				asked.once('error', (error) => message.destroy(error));
				cookies.store(valuesOf(message, 'set-cookie'), path, Date.now());
				resolve({ message, request: asked, upgraded });
			};
			signal.addEventListener('abort', abort, { once: true });
			asked.once('close', () => {
				clearTimeout(timer);
				signal.removeEventListener('abort', abort);
				reject(new ConnectError('it closed the connection'));
			});
			// Also after the answer has begun: then its body breaks off too, and its reader notices.
			asked.on('error', reject);
			asked.once('response', (message) => begin(message, null));
			asked.once('upgrade', (message, stream, head) => {
				// Until the stream is used, its errors are left to the connection.
				stream.on('error', () => undefined);
				begin(message, { stream, head });
			});
			if (body === null) {
				pipeline(request, asked, () => undefined);
			} else asked.end(body);
			if (signal.aborted) abort();
		});
	}

	#pass({ message, request: asked }: Answer, request: IncomingMessage, response: ServerResponse): void {
		const { statusCode = 502, headers } = message;
		const away = REDIRECTS.includes(statusCode) ? this.#awayOf(headers.location) : null;
		if (away !== null) {
			asked.destroy();
			const reason = `it redirects to ${away}, where this page may not go: name that address in --proxy ${this.path}=`;
			this.#log.condition(this.path, reason);
			tell(response, 421, `The camera below ${this.path} was asked, but ${reason}.`);
			return;
		}
		for (const [name, value] of Object.entries(headers)) {
			if (PASSED_HEADERS.has(name) && value !== undefined) response.setHeader(name, value);
		}
		response.setHeader('Content-Security-Policy', INERT);
		const hasParts = headers['content-type']?.startsWith('multipart/') === true;
		if (hasParts && isOfScript(request)) response.setHeader('Content-Type', BYTES);
		const location = headers.location === undefined ? null : ownLocation(headers.location, this.#proxy);
		if (location !== null) response.setHeader('Location', location);
		// A browser could not log in to a proxy in between.
		response.writeHead(statusCode === 407 || statusCode < 200 || statusCode > 599 ? 502 : statusCode);
		response.flushHeaders();
		this.#log.condition(this.path, statusCode === 401 ? 'the camera refuses the login (401)' : null);
		// If the camera goes away in mid-stream, the page learns of it at once.
		pipeline(message, response, () => asked.destroy());
	}

	/** The origin of a redirect that pages cannot follow, or null. */
	#awayOf(location: string | undefined): string | null {
		if (location === undefined || !URL.canParse(location, this.#proxy.target)) return null;
		const { origin } = new URL(location, this.#proxy.target);
		return origin === this.#target.origin || this.#allow.includes(origin) ? null : origin;
	}

	#refuse(error: unknown, response: ServerResponse, left: AbortSignal): void {
		if (left.aborted) {
			response.destroy();
			return;
		}
		const reason = reasonOf(error);
		this.#log.condition(this.path, `${this.#target.origin}: ${reason}`);
		const timedOut = error instanceof ConnectError && error.timedOut;
		tell(response, timedOut ? 504 : 502, `The camera below ${this.path} could not be shown: ${reason}.`);
	}
}

/** Ends an answer with a sentence, or breaks it off if it has begun. */
export function tell(response: ServerResponse, status: number, text: string): void {
	if (response.headersSent) {
		response.destroy();
		return;
	}
	response.setHeader('Content-Security-Policy', INERT);
	response.setHeader('Cache-Control', 'no-store');
	response.setHeader('Content-Type', 'text/plain; charset=utf-8');
	const bytes = Buffer.from(`${text}\n`);
	response.writeHead(status, { 'Content-Length': bytes.length }).end(bytes);
}

/** Joins two connections after a handshake; the end of one is the end of both. */
function join(
	{ socket, head }: Client,
	camera: { readonly stream: Duplex; readonly head: Buffer },
	answer: string,
	response: ServerResponse
): void {
	// The response was only there for a refusal; what follows is not HTTP.
	response.detachSocket(socket);
	socket.write(answer, 'latin1');
	if (camera.head.length > 0) socket.write(camera.head);
	if (head.length > 0) camera.stream.write(head);
	const end = () => {
		socket.destroy();
		camera.stream.destroy();
	};
	pipeline(socket, camera.stream, end);
	pipeline(camera.stream, socket, end);
}

/** The head of an answer to a handshake, with the WebSocket headers only. */
function handshake({ headers }: IncomingMessage): string {
	const passed = Object.entries(headers).filter(([name]) => name.startsWith('sec-websocket-'));
	const lines = passed.map(([name, value]) => `${name}: ${String(value)}\r\n`).join('');
	return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${lines}\r\n`;
}

/** The headers of a browser's request that the camera gets. */
function requestHeaders({ rawHeaders, headers }: IncomingMessage): Record<string, string | string[]> {
	const named = (headers.connection ?? '')
		.toLowerCase()
		.split(',')
		.map((name) => name.trim());
	const told: Record<string, string | string[]> = {};
	for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
		const name = (rawHeaders[at] ?? '').toLowerCase();
		const value = rawHeaders[at + 1] ?? '';
		if (KEPT_HEADERS.has(name) || named.includes(name)) continue;
		const earlier = told[name];
		told[name] = earlier === undefined ? value : [...(Array.isArray(earlier) ? earlier : [earlier]), value];
	}
	return told;
}

function valuesOf({ rawHeaders }: IncomingMessage, wanted: string): string[] {
	return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === wanted);
}

function single(header: string | string[] | undefined): string | undefined {
	return Array.isArray(header) ? header[0] : header;
}

/** Whether a script sent the request, not an image or a tab; browsers tell only on secure pages. */
function isOfScript({ headers }: IncomingMessage): boolean {
	return (headers['sec-fetch-dest'] ?? 'empty') === 'empty' && headers.accept === '*/*';
}

/**
 * Maps an address from the target to one below `path`, where WHEP sessions are ended, without what the proxy adds to
 * queries. Null if it is not one.
 */
export function ownLocation(location: string, { path, target, query }: Omit<Proxy, 'auth'>): string | null {
	const text = withoutQuery(decodeUtf8(location), query);
	if (!URL.canParse(text, target)) return null;
	const url = new URL(text, target);
	const isWhole = text.startsWith('/') || URL.canParse(text);
	if (!isWhole || url.origin !== new URL(target).origin) return text.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
	const base = new URL(target).pathname.replace(/\/$/, '');
	const below = url.pathname.startsWith(`${base}/`) ? url.pathname.slice(base.length) : url.pathname;
	return `${path}${below}${url.search}`;
}

/** `address` without the parameters that are named in `query`. */
function withoutQuery(address: string, query: string): string {
	const [, before = '', search, hash = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(address) ?? [];
	if (search === undefined || query === '') return address;
	const named = new URLSearchParams(query);
	const kept = search
		.split('&')
		.filter((part) => ![...new URLSearchParams(part).keys()].some((name) => named.has(name)));
	return `${before}${kept.length === 0 ? '' : `?${kept.join('&')}`}${hash}`;
}

/** Decodes a header that Node read as Latin-1, if its bytes are UTF-8. */
function decodeUtf8(header: string): string {
	const bytes = Buffer.from(header, 'latin1');
	return isUtf8(bytes) ? bytes.toString('utf8') : header;
}
