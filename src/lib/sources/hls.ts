/** HTTP live streaming: by hls.js if there are media source extensions, else by the browser itself (iPhones). */
import type Hls from 'hls.js';
import type { ErrorData, HlsConfig } from 'hls.js';
import { AppError } from '../errors';
import { attachFile, type Attach, type StreamAddress } from './played';
import { loginHeaders, plainWords, refusal, sentence } from './request';

/** For a stream that may run for a month: small buffers behind and ahead, and close to live. */
const LIVE: Partial<HlsConfig> = {
	backBufferLength: 10,
	maxBufferLength: 12,
	maxMaxBufferLength: 20,
	maxBufferSize: 30e6,
	liveSyncDurationCount: 2,
	liveMaxLatencyDurationCount: 6,
	maxLiveSyncPlaybackRate: 1.2,
	// Its worker is loaded from a blob: address, which the page's security policy forbids.
	enableWorker: false
};

const originOf = (url: string): string => new URL(url, location.href).origin;

/** Plays an HLS playlist in a video element, by the browser itself if hls.js is not supported. */
export function attachHls(address: StreamAddress): Attach {
	return async (video, fail, signal) => {
		const { default: Player } = await import('hls.js/light');
		if (signal.aborted) return;
		if (!Player.isSupported()) {
			if (video.canPlayType('application/vnd.apple.mpegurl') === '') {
				throw new AppError('stream-unreadable', 'this browser cannot play HLS');
			}
			await attachFile(address)(video, fail, signal);
			return;
		}
		const player: Hls = new Player({
			...LIVE,
			// Parts of a stream may be on other hosts: the login only goes to its own origin.
			xhrSetup: (xhr, url) => {
				if (address.login === null || originOf(url) !== originOf(address.url)) return;
				const headers = Object.entries(loginHeaders(url, address.login));
				for (const [name, value] of headers) xhr.setRequestHeader(name, value);
			}
		});
		signal.addEventListener('abort', () => player.destroy(), { once: true });
		player.on(Player.Events.ERROR, (_, data) => {
			if (data.fatal) fail(explained(data));
		});
		const parsed = new Promise<void>((resolve) => player.once(Player.Events.MANIFEST_PARSED, () => resolve()));
		player.attachMedia(video);
		player.loadSource(address.url);
		await parsed;
	};
}

/** What went wrong, with what the server said, if it answered. */
function explained({ response, networkDetails, error, ...data }: ErrorData): AppError {
	// As strings: only the types are imported, not the enum values.
	const [type, details]: [string, string] = [data.type, data.details];
	const xhr = (networkDetails as unknown) instanceof XMLHttpRequest ? (networkDetails as XMLHttpRequest) : null;
	const text = xhr !== null && (xhr.responseType === '' || xhr.responseType === 'text') ? xhr.responseText : '';
	const status = response?.code ?? xhr?.status ?? 0;
	const contentType = (xhr?.getResponseHeader('Content-Type') ?? '').split(';')[0] ?? '';
	if (status >= 400) {
		const said = sentence(status, contentType, text);
		return refusal(status, details.startsWith('key') ? `It is encrypted, and its key is missing. ${said}` : said);
	}
	// An answer that is not a playlist is reported as a network error, too.
	if (status >= 200 && (details === 'manifestParsingError' || details === 'levelParsingError')) {
		const said = `It is not an HLS playlist. ${sentence(status, contentType, text)}`;
		return new AppError('stream-unreadable', details, error, said);
	}
	if (type === 'networkError') return new AppError('stream-unreachable', details, error);
	const isCodec = /codec/i.test(details);
	const said = isCodec ? `This browser cannot play its codec (${plainWords(error.message)}).` : null;
	return new AppError('stream-unreadable', details, error, said);
}
