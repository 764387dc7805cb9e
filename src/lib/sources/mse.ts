/**
 * Media source extensions over go2rtc's WebSocket (its internal/mp4/ws.go and internal/api/ws/ws.go): the page sends
 * {"type":"mse","value":CODECS}, the server answers {"type":"mse","value":CONTENT_TYPE} and then pieces of fragmented MP4,
 * or {"type":"error","value":"mse: REASON"}.
 */
import { AppError } from '../errors';
import { type Attach, noPictures } from './played';

/**
 * The codecs that go2rtc may choose from (pkg/mp4, ParseCodecs): H.264 and H.265; no audio, which is not played here.
 */
const CODECS = ['avc1.640029', 'avc1.64002A', 'avc1.640033', 'hvc1.1.6.L153.B0'];
/** Seconds kept in the buffer behind the current time, and how far playback may fall behind the newest picture. */
const KEPT_S = 10;
const LATE_S = 3;
/** Limit of the queue if the browser stops taking data. */
const MOST_BYTES = 16 * 1024 * 1024;

/** A content type of go2rtc with only audio codecs (pkg/mp4: mp4a, opus, flac). */
const SOUND_ALONE = /codecs="(?:(?:mp4a|opus|flac|ac-3)[\w.]*,?\s*)+"/i;

type Kind = typeof MediaSource;

/** Safari on iPhones only has ManagedMediaSource. */
function mediaSource(): Kind | null {
	const scope = globalThis as { MediaSource?: Kind; ManagedMediaSource?: Kind };
	return scope.ManagedMediaSource ?? scope.MediaSource ?? null;
}

/** Plays what go2rtc sends over its WebSocket; `url` is a ws: or wss: address. */
export function attachMse(url: string, hasLogin: boolean): Attach {
	return async (video, fail, signal) => {
		const Source = mediaSource();
		if (Source === null) throw new AppError('stream-unreadable', 'this browser has no media source extensions');
		if (hasLogin) {
			throw new AppError(
				'stream-refused',
				'a WebSocket sends no login: let the proxy send it (--proxy /PATH=http://NAME:PASSWORD@HOST)'
			);
		}
		const media = new Source();
		const opened = new Promise<void>((resolve) =>
			media.addEventListener('sourceopen', () => resolve(), { once: true })
		);
		const address = URL.createObjectURL(media);
		video.disableRemotePlayback = true;
		video.src = address;
		await opened;
		URL.revokeObjectURL(address);
		signal.throwIfAborted();

		const socket = new WebSocket(url);
		socket.binaryType = 'arraybuffer';
		signal.addEventListener('abort', () => socket.close(), { once: true });
		let isOpen = false;
		socket.onopen = () => {
			isOpen = true;
			const playable = CODECS.filter((codec) => Source.isTypeSupported(`video/mp4; codecs="${codec}"`));
			socket.send(JSON.stringify({ type: 'mse', value: playable.join() }));
		};
		socket.onclose = () =>
			fail(
				new AppError(
					isOpen ? 'stream-lost' : 'stream-unreachable',
					isOpen ? 'the WebSocket was closed' : 'no WebSocket there'
				)
			);

		await new Promise<void>((resolve) => {
			let feed: ((piece: ArrayBuffer) => void) | null = null;
			socket.onmessage = ({ data }: MessageEvent<unknown>) => {
				try {
					if (data instanceof ArrayBuffer) feed?.(data);
					else feed = readMessage(data, (type) => feeder(media, type, video, fail, resolve)) ?? feed;
				} catch (thrown) {
					fail(thrown instanceof AppError ? thrown : new AppError('stream-unreadable', String(thrown), thrown));
				}
			};
		});
	};
}

/** Starts a feed for the pieces that follow, if the message says what they are; null for other messages. */
function readMessage<Feed>(data: unknown, begin: (contentType: string) => Feed): Feed | null {
	let message: unknown;
	try {
		message = JSON.parse(String(data));
	} catch {
		throw new AppError('stream-unreadable', 'the server does not send go2rtc messages');
	}
	const { type, value } = (message ?? {}) as { type?: unknown; value?: unknown };
	if (type === 'error') throw new AppError('stream-unreadable', String(value).slice(0, 200));
	return type === 'mse' && typeof value === 'string' ? begin(value) : null;
}

function feeder(
	media: MediaSource,
	contentType: string,
	video: HTMLVideoElement,
	fail: (error: AppError) => void,
	onFirst: () => void
): (piece: ArrayBuffer) => void {
	if (contentType.startsWith('audio/') || SOUND_ALONE.test(contentType)) throw noPictures(contentType.slice(0, 100));
	let buffer: SourceBuffer;
	try {
		buffer = media.addSourceBuffer(contentType);
	} catch (thrown) {
		throw new AppError('stream-unreadable', `this browser does not play ${contentType.slice(0, 100)}`, thrown);
	}
	buffer.mode = 'segments';
	const waiting: ArrayBuffer[] = [];
	let bytes = 0;
	const go = (): void => {
		if (buffer.updating || media.readyState !== 'open') return;
		const next = waiting.shift();
		if (next !== undefined) {
			bytes -= next.byteLength;
			buffer.appendBuffer(next);
			return;
		}
		const { buffered } = buffer;
		if (buffered.length === 0) return;
		const end = buffered.end(buffered.length - 1);
		// Late after the browser paused, or before the first picture, which may have any time.
		if (end - video.currentTime > LATE_S || video.currentTime < buffered.start(0)) {
			video.currentTime = Math.max(buffered.start(buffered.length - 1), end - 0.5);
		}
		if (video.currentTime - buffered.start(0) > 2 * KEPT_S)
			buffer.remove(buffered.start(0), video.currentTime - KEPT_S);
	};
	buffer.addEventListener('updateend', () => {
		try {
			if (buffer.buffered.length > 0) onFirst();
			go();
		} catch (thrown) {
			fail(new AppError('stream-unreadable', String(thrown), thrown));
		}
	});
	buffer.addEventListener('error', () => fail(new AppError('stream-unreadable', 'the pieces cannot be played')));
	return (piece) => {
		bytes += piece.byteLength;
		if (bytes > MOST_BYTES) throw new AppError('stream-frozen', 'the browser takes no more pieces');
		waiting.push(piece);
		go();
	};
}
