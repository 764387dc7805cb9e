/**
 * Stand-ins for go2rtc and MediaMTX. They answer as the real ones do according to their source (go2rtc 1.9, MediaMTX
 * 1.15 and later); beside each answer stands the file and what it says.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptWebSocket, type ServerSocket } from '../websocket';
import { type LiveCodec, LiveHls } from './ffmpeg';

/** Which ways work; the others are answered as if the camera's codec did not fit, or its producer had failed. */
export interface Go2rtcState {
	mse: boolean;
	mjpeg: boolean;
	/** The camera gives WebRTC and MSE only sound, like one whose pictures are switched off. */
	soundAlone: boolean;
}

export interface StandIn {
	readonly address: string;
	readonly state: Go2rtcState;
	/** As if the producer were lost: open streams end. */
	cut(): void;
	stop(): void;
}

const CONTENT_TYPES: Readonly<Record<LiveCodec, string>> = {
	h264: 'video/mp4; codecs="avc1.42E01E"',
	vp9: 'video/mp4; codecs="vp09.00.10.08"'
};

/** Answer of a peer that has no video to give (RFC 3264, section 6: the port of a refused stream is 0). */
export const REFUSED_VIDEO = [
	...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'm=video 0 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0'],
	...['a=mid:0', 'a=inactive', '']
].join('\r\n');

/** A go2rtc with one stream, `door`, that plays `clip`. WebRTC never fits, as with H.265 cameras in older browsers. */
export async function startGo2rtc(
	ffmpeg: string,
	clip: string,
	codec: LiveCodec,
	frames: readonly Buffer[]
): Promise<StandIn> {
	const state: Go2rtcState = { mse: true, mjpeg: true, soundAlone: false };
	const open = new Set<() => void>();
	const server = createServer((request, response) => {
		const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
		const found = searchParams.get('src') === 'door';
		// internal/webrtc/server.go outputWebRTC, internal/hls/hls.go handlerStream,
		// internal/mjpeg/mjpeg.go outputMjpeg: http.Error(w, api.StreamNotFound, http.StatusNotFound)
		if (!found) return void response.writeHead(404).end('stream not found\n');
		if (pathname === '/api/webrtc') {
			// internal/webrtc/server.go outputWebRTC: http.Error(w, err.Error(), http.StatusInternalServerError),
			// with the error of internal/streams/add_consumer.go formatError: "streams: codecs not matched: PRODUCER =>
			// CONSUMER"
			if (state.soundAlone) response.writeHead(201, { 'Content-Type': 'application/sdp' }).end(REFUSED_VIDEO);
			else response.writeHead(500).end('streams: codecs not matched: video:H265 => video:H264, video:VP8\n');
		} else if (pathname === '/api/stream.m3u8') {
			// internal/hls/hls.go handlerStream: sets the header first; logs a failed AddConsumer, and writes nothing
			response.writeHead(200, { 'Content-Type': 'application/vnd.apple.mpegurl' }).end();
		} else if (pathname === '/api/stream.mjpeg') {
			// internal/mjpeg/mjpeg.go outputMjpeg: logs a failed AddConsumer, and answers 200 with nothing
			if (!state.mjpeg) return void response.writeHead(200).end();
			sendMjpeg(response, frames, open);
		} else response.writeHead(404).end();
	});
	server.on('upgrade', (request, stream) => {
		const socket = acceptWebSocket(request, stream);
		const end = () => socket.destroy();
		open.add(end);
		socket.onClose = () => open.delete(end);
		socket.onMessage = (message) => {
			const { type } = JSON.parse(String(message)) as { type: string };
			if (type !== 'mse') return;
			// internal/api/ws/ws.go apiWS: tr.Write(&Message{Type: "error", Value: msg.Type + ": " + err.Error()})
			if (!state.mse) {
				socket.send(
					JSON.stringify({ type: 'error', value: 'mse: streams: codecs not matched: video:H265 => video:H264' })
				);
				return;
			}
			if (state.soundAlone) {
				socket.send(JSON.stringify({ type: 'mse', value: 'video/mp4; codecs="mp4a.40.2,opus"' }));
				return;
			}
			// internal/mp4/ws.go handlerWSMSE: {"type":"mse","value":CONTENT_TYPE}, then fragmented MP4
			socket.send(JSON.stringify({ type: 'mse', value: CONTENT_TYPES[codec] }));
			sendPieces(socket, ffmpeg, clip, codec);
		};
	});
	const address = await listen(server);
	const cut = () => {
		for (const end of open) end();
	};
	return {
		address,
		state,
		cut,
		stop: () => {
			cut();
			server.closeAllConnections();
			server.close();
		}
	};
}

/** Starts a server, and gives its address. */
async function listen(server: Server): Promise<string> {
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export interface MediaMtxState {
	/** Somebody publishes to the path. */
	publishing: boolean;
	/** What the WHEP answer says is wrong with the offer or the stream. */
	whep: string;
}

export interface MediaMtx {
	readonly address: string;
	readonly state: MediaMtxState;
	/** Number of HLS sessions begun so far. */
	readonly sessions: () => number;
	/** As after a restart: earlier sessions are unknown. */
	forget(): void;
	stop(): Promise<void>;
}

/** How long MediaMTX makes wrong guesses wait: internal/auth/manager.go PauseAfterError. */
const PAUSE_MS = 2000;

/** A MediaMTX with one path, `door`, whose stream WebRTC cannot take; WebRTC and HLS share one address. */
export async function startMediaMtx(ffmpeg: string, clip: string, codec: LiveCodec): Promise<MediaMtx> {
	const folder = mkdtempSync(join(tmpdir(), 'mien-mediamtx-'));
	const live = new LiveHls(ffmpeg, clip, folder, codec);
	await live.ready();
	const state: MediaMtxState = { publishing: true, whep: '' };
	const secrets = new Set<string>();
	let sessions = 0;
	// internal/servers/hls/http_server.go writeErrorNoLog and internal/servers/webrtc/http_server.go writeError
	const refuse = (response: ServerResponse, status: number, error: string): void => {
		response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
		response.end(JSON.stringify({ status: 'error', error }));
	};
	// internal/defs/path.go PathNoStreamAvailableError
	const nobody = "no stream is available on path 'door'";
	const server = createServer((request, response) => {
		const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
		const cookies = new Map(
			(request.headers.cookie ?? '').split('; ').map((pair) => pair.split('=') as [string, string])
		);
		if (pathname === '/door/whep') {
			// onWHIPPost: checks the content type first; then session.go runRead: 404 if nobody publishes, 400 if a
			// track or the offer does not fit
			if (request.method !== 'POST') refuse(response, 405, 'method not allowed');
			else if (request.headers['content-type'] !== 'application/sdp') refuse(response, 400, 'invalid Content-Type');
			else if (state.publishing) refuse(response, 400, state.whep);
			else refuse(response, 404, nobody);
			return;
		}
		const name = /^\/door\/(index\.m3u8|live\.m3u8|live\w*\.(?:ts|m4s)|init\.mp4)$/.exec(pathname)?.[1];
		if (name === undefined) {
			// onRequest: every other path is taken for a page, whose address ends with a slash
			response.writeHead(302, { Location: `${pathname}/` }).end();
		} else if (name === 'index.m3u8') {
			if (searchParams.get('cookieCheck') !== '1') {
				// onRequest: one cookie for plain HTTP and one for frames on other sites, then the same address again
				const cookie = 'cookieCheck=1';
				response.setHeader('Set-Cookie', [cookie, `${cookie}; HttpOnly; Secure; SameSite=None; Partitioned`]);
				response.writeHead(302, { Location: `${pathname}?cookieCheck=1` }).end();
				return;
			}
			if (!state.publishing) {
				refuse(response, 404, nobody);
				return;
			}
			const secret = randomUUID();
			secrets.add(secret);
			sessions++;
			// internal/servers/hls/session.go: sessionCookieName and sessionQueryParamName
			const hasCookies = cookies.get('cookieCheck') === '1';
			if (hasCookies) {
				const cookie = `session=${secret}`;
				response.setHeader('Set-Cookie', [cookie, `${cookie}; HttpOnly; Secure; SameSite=None; Partitioned`]);
			}
			response.writeHead(200, { 'Content-Type': 'application/vnd.apple.mpegurl' });
			const codecs = codec === 'h264' ? 'avc1.42c01e' : 'vp09.00.10.08';
			response.end(
				`#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-STREAM-INF:BANDWIDTH=600000,CODECS="${codecs}"\n` +
					`live.m3u8${hasCookies ? '' : `?session=${secret}`}\n`
			);
		} else if (!secrets.has(cookies.get('session') ?? searchParams.get('session') ?? '')) {
			// onRequest: an unknown session is refused after a pause
			setTimeout(() => refuse(response, 401, 'authentication error'), PAUSE_MS);
		} else {
			const path = join(folder, name);
			try {
				const type = name.endsWith('.m3u8') ? 'application/vnd.apple.mpegurl' : 'video/mp4';
				response.writeHead(200, { 'Content-Type': type }).end(readFileSync(path));
			} catch {
				response.writeHead(404).end();
			}
		}
	});
	return {
		address: await listen(server),
		state,
		sessions: () => sessions,
		forget: () => secrets.clear(),
		stop: async () => {
			server.closeAllConnections();
			server.close();
			await live.stop();
			rmSync(folder, { recursive: true });
		}
	};
}

function sendPieces(socket: ServerSocket, ffmpeg: string, clip: string, codec: LiveCodec): void {
	const encoder =
		codec === 'h264'
			? ['libx264', '-preset', 'ultrafast', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p']
			: ['libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'];
	const program: ChildProcess = spawn(
		ffmpeg,
		[
			...[
				'-loglevel',
				'error',
				'-re',
				'-stream_loop',
				'-1',
				'-i',
				clip,
				'-an',
				'-r',
				'10',
				'-g',
				'10',
				'-c:v',
				...encoder
			],
			...['-f', 'mp4', '-movflags', 'frag_every_frame+empty_moov+default_base_moof', 'pipe:1']
		],
		{ stdio: ['ignore', 'pipe', 'ignore'] }
	);
	program.stdout?.on('data', (piece: Buffer) => socket.send(piece));
	const { onClose } = socket;
	socket.onClose = () => {
		program.kill('SIGKILL');
		onClose();
	};
}

/** pkg/mjpeg/writer.go: boundary "frame", a Content-Length with each part. */
function sendMjpeg(response: ServerResponse, frames: readonly Buffer[], open: Set<() => void>): void {
	response.writeHead(200, { 'Content-Type': 'multipart/x-mixed-replace; boundary=frame' });
	let index = 0;
	const timer = setInterval(() => {
		const frame = frames[index++ % frames.length] ?? Buffer.alloc(0);
		response.write(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${frame.length}\r\n\r\n`);
		response.write(frame);
		response.write('\r\n');
	}, 100);
	const end = () => response.destroy();
	open.add(end);
	response.on('close', () => {
		clearInterval(timer);
		open.delete(end);
	});
}
