/** The server of the built site, on Node's own: files, cameras below its paths, its health. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Files } from './files';
import { type Hosts, hostName, isOfThisSite, isOwnName, wouldSayOrigin } from './hosts';
import type { Log } from './log';
import type { Metrics } from './metrics';
import { parseTarget, type Target } from './path';
import { HEADERS } from './policy';
import { type CameraProxy, type Client, LOGIN_HEADER, tell } from './proxy';

/** Time for a request to arrive: its head, and all of it. */
const HEAD_LIMIT_MS = 20_000;
const REQUEST_LIMIT_MS = 120_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** To notice clients that vanish silently. */
const KEEP_ALIVE_MS = 60_000;
/** How long open requests may take to end. */
const GRACE_MS = 3000;
const IDLE_EVERY_MS = 100;

const TOKEN_COOKIE = 'mien-page';

export interface SiteOptions {
	/** What was built. */
	readonly folder: string;
	/** The path below which the site lies, as built: empty, or "/mien". */
	readonly base: string;
	readonly hosts: Hosts;
	readonly proxies: readonly CameraProxy[];
	/** Null if not offered. */
	readonly metrics: Metrics | null;
	readonly log: Log;
	readonly version: string;
}

export interface Site {
	readonly server: Server;
	/** Takes no more requests, gives open ones a moment to end, then closes the rest, such as streams. */
	stop(): Promise<void>;
}

/** Makes the server; it does not listen yet. */
export function createSite(options: SiteOptions): Site {
	const { folder, base, hosts, proxies, metrics, log, version } = options;
	const files = new Files(folder);
	/** What a page of this site shows if its browser does not say where a request comes from; see `mayUse`. */
	const token = randomBytes(16).toString('hex');
	const tokenCookie = `${TOKEN_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict`;
	const needsToken = proxies.some(({ hasLogin }) => hasLogin);
	const startedMs = performance.now();
	/** Connections after their handshake, which the server itself forgets. */
	const joined = new Set<Socket>();

	const server = createServer({
		maxHeaderSize: MAX_HEADER_BYTES,
		headersTimeout: HEAD_LIMIT_MS,
		requestTimeout: REQUEST_LIMIT_MS,
		keepAlive: true,
		keepAliveInitialDelay: KEEP_ALIVE_MS,
		noDelay: true
	});
	server.on('request', (request, response) => void handle(request, response, null));
	server.on('upgrade', (request, socket, head) => {
		if (!(socket instanceof Socket)) {
			socket.destroy();
			return;
		}
		socket.on('error', () => socket.destroy());
		joined.add(socket);
		socket.once('close', () => joined.delete(socket));
		// For a refusal: like any other answer, then the connection ends.
		const response = new ServerResponse(request);
		response.shouldKeepAlive = false;
		response.assignSocket(socket);
		response.once('finish', () => socket.end());
		void handle(request, response, { socket, head });
	});
	server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
		if (!socket.writable || error.code === 'ECONNRESET') {
			socket.destroy();
			return;
		}
		const status =
			error.code === 'HPE_HEADER_OVERFLOW'
				? '431 Request Header Fields Too Large'
				: error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
					? '408 Request Timeout'
					: '400 Bad Request';
		socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
	});

	async function handle(request: IncomingMessage, response: ServerResponse, client: Client | null): Promise<void> {
		request.on('error', () => undefined);
		response.on('error', () => undefined);
		try {
			for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
			await answer(request, response, client);
		} catch (error) {
			// The client is gone.
			if (request.errored !== null) {
				response.destroy();
				return;
			}
			// A file that a new build has just removed, or a fault: the client tries again, all others go on.
			log.event('A request failed', String(error));
			tell(response, 500, 'This did not work. Please try again.');
		}
	}

	async function answer(request: IncomingMessage, response: ServerResponse, client: Client | null): Promise<void> {
		const target = parseTarget(request.url);
		if (target === null && request.url !== '*') {
			tell(response, 400, 'This address cannot be read.');
			return;
		}
		const path = target?.path ?? '';
		if (path === '/healthz' && isReading(request)) {
			const uptimeSeconds = Math.round((performance.now() - startedMs) / 1000);
			sendJson(response, { status: 'ok', version, uptimeSeconds });
			return;
		}
		const name = hostName(request.headers.host);
		if (request.headers.host !== undefined && !isOwnName(name, hosts)) {
			tell(
				response,
				403,
				`This server does not know the name "${name}". If it is its own: npm start -- --host ${name === '' ? 'NAME' : name}`
			);
			return;
		}
		if (metrics !== null && (await metrics.serve(request, response, path, isOfThisSite(request, hosts)))) return;
		const proxy = target === null ? undefined : proxies.find((candidate) => candidate.takes(path));
		if (proxy !== undefined && target !== null) {
			await useProxy(proxy, request, response, target, client);
			return;
		}
		if (client !== null && request.headers.upgrade?.toLowerCase() === 'websocket') {
			tell(response, 404, 'Nothing here takes WebSockets.');
			return;
		}
		if (!isReading(request) || target === null) {
			response.setHeader('Allow', 'GET, HEAD');
			tell(response, 405, 'Only GET and HEAD are answered here.');
			return;
		}
		await serveFile(request, response, target);
	}

	async function useProxy(
		proxy: CameraProxy,
		request: IncomingMessage,
		response: ServerResponse,
		target: Target,
		client: Client | null
	): Promise<void> {
		if (!isOfThisSite(request, hosts)) {
			// As if nothing were there.
			tell(response, 404, 'There is no such page or file.');
			return;
		}
		if (proxy.hasLogin && !mayUse(request)) {
			response.setHeader('Set-Cookie', tokenCookie);
			tell(response, 403, 'Only pages of this site may use this camera: open the site first, then try again.');
			return;
		}
		if (client === null) await proxy.serve(request, response, target);
		else if (request.headers.upgrade?.toLowerCase() === 'websocket')
			await proxy.upgrade(request, response, target, client);
		else await proxy.serve(request, response, target);
	}

	/**
	 * Whether a page of this site asks for a camera with a login. On plain http from another machine, browsers send
	 * nothing that tells a foreign page's picture from ours, but they do not send this cookie for foreign pages; and
	 * before sending a header of our own they would ask first.
	 */
	function mayUse(request: IncomingMessage): boolean {
		if (wouldSayOrigin(request) || request.headers[LOGIN_HEADER] !== undefined) return true;
		const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
		return cookies.includes(`${TOKEN_COOKIE}=${token}`);
	}

	async function serveFile(
		request: IncomingMessage,
		response: ServerResponse,
		{ path, search }: Target
	): Promise<void> {
		if (base !== '' && path === base) {
			redirect(response, `${base}/${search}`);
			return;
		}
		if (!path.startsWith(`${base}/`)) {
			if (path === '/') redirect(response, `${base}/${search}`);
			else await files.serveMissing(request, response);
			return;
		}
		const below = { path: path.slice(base.length), search };
		const outcome = await files.serve(request, response, below, () => {
			if (needsToken) response.setHeader('Set-Cookie', tokenCookie);
		});
		if (outcome === 'missing') await files.serveMissing(request, response);
		else if (outcome !== 'served') redirect(response, base + outcome.redirect);
	}

	return {
		server,
		async stop() {
			const closed = new Promise<void>((done) => server.close(() => done()));
			// Connections go idle one by one, as their requests end.
			const idle = setInterval(() => server.closeIdleConnections(), IDLE_EVERY_MS);
			for (const socket of joined) socket.end();
			const timer = setTimeout(() => {
				server.closeAllConnections();
				for (const socket of joined) socket.destroy();
			}, GRACE_MS);
			await closed;
			clearInterval(idle);
			clearTimeout(timer);
		}
	};
}

function isReading({ method }: IncomingMessage): boolean {
	return method === 'GET' || method === 'HEAD';
}

function redirect(response: ServerResponse, location: string): void {
	response.setHeader('Location', location);
	tell(response, 308, `This is at ${location}.`);
}

function sendJson(response: ServerResponse, value: unknown): void {
	response.setHeader('Cache-Control', 'no-store');
	response.setHeader('Content-Type', 'application/json').end(`${JSON.stringify(value)}\n`);
}
