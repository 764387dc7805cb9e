/**
 * Stand-ins for go2rtc and MediaMTX. What they answer is what the real ones do, by their own source (go2rtc 1.9,
 * MediaMTX 1.11 and later; file and what it says beside each answer).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { acceptWebSocket, type ServerSocket } from '../websocket';
import type { LiveCodec } from './ffmpeg';

/** Ways that work; the others are answered as where the camera's codec does not fit, or its producer failed. */
export interface Go2rtcState {
	mse: boolean;
	mjpeg: boolean;
}

export interface StandIn {
	readonly address: string;
	readonly state: Go2rtcState;
	/** As where the producer was lost: what is under way ends. */
	cut(): void;
	stop(): void;
}

const CONTENT_TYPES: Readonly<Record<LiveCodec, string>> = {
	h264: 'video/mp4; codecs="avc1.42E01E"',
	vp9: 'video/mp4; codecs="vp09.00.10.08"'
};

/** A go2rtc with one stream, `door`, that plays `clip`. WebRTC never fits, as with an H.265 camera and an older browser. */
export async function startGo2rtc(
	ffmpeg: string,
	clip: string,
	codec: LiveCodec,
	frames: readonly Buffer[]
): Promise<StandIn> {
	const state: Go2rtcState = { mse: true, mjpeg: true };
	const open = new Set<() => void>();
	const server = createServer((request, response) => {
		const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
		const found = searchParams.get('src') === 'door';
		// internal/webrtc/server.go outputWebRTC, internal/hls/hls.go handlerStream, internal/mjpeg/mjpeg.go outputMjpeg:
		// http.Error(w, api.StreamNotFound, http.StatusNotFound)
		if (!found) return void response.writeHead(404).end('stream not found\n');
		if (pathname === '/api/webrtc') {
			// internal/webrtc/server.go outputWebRTC: http.Error(w, err.Error(), http.StatusInternalServerError), with the error
			// of internal/streams/add_consumer.go formatError: "streams: codecs not matched: PRODUCER => CONSUMER"
			response.writeHead(500).end('streams: codecs not matched: video:H265 => video:H264, video:VP8\n');
		} else if (pathname === '/api/stream.m3u8') {
			// internal/hls/hls.go handlerStream: the header is set first; where AddConsumer fails it is logged, and nothing written
			response.writeHead(200, { 'Content-Type': 'application/vnd.apple.mpegurl' }).end();
		} else if (pathname === '/api/stream.mjpeg') {
			// internal/mjpeg/mjpeg.go outputMjpeg: where AddConsumer fails it is logged, and the answer is 200 with nothing
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
			// internal/mp4/ws.go handlerWSMSE: {"type":"mse","value":CONTENT_TYPE}, then fragmented MP4
			socket.send(JSON.stringify({ type: 'mse', value: CONTENT_TYPES[codec] }));
			sendPieces(socket, ffmpeg, clip, codec);
		};
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const cut = () => {
		for (const end of open) end();
	};
	return {
		address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		state,
		cut,
		stop: () => {
			cut();
			server.closeAllConnections();
			server.close();
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
