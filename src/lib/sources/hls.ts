/** HTTP live streaming: by hls.js where there are media source extensions, else by the browser itself (iPhones). */
import type Hls from 'hls.js';
import type { HlsConfig } from 'hls.js';
import { AppError } from '../errors';
import { attachFile, type Attach, type StreamAddress } from './played';
import { loginHeaders } from './request';

/** A stream that runs for a month: little behind, little ahead, and near to what happens now. */
const LIVE: Partial<HlsConfig> = {
	backBufferLength: 10,
	maxBufferLength: 12,
	maxMaxBufferLength: 20,
	maxBufferSize: 30e6,
	liveSyncDurationCount: 2,
	liveMaxLatencyDurationCount: 6,
	maxLiveSyncPlaybackRate: 1.2,
	// Its worker comes from a blob address, which the security policy of the page forbids.
	enableWorker: false
};

const originOf = (url: string): string => new URL(url, location.href).origin;

/** Plays an HLS playlist in a video element, with hls.js where the browser cannot. */
export function attachHls(address: StreamAddress): Attach {
	return async (video, fail, signal) => {
		const { default: Player } = await import('hls.js/light');
		if (signal.aborted) return;
		if (!Player.isSupported()) {
			if (video.canPlayType('application/vnd.apple.mpegurl') === '') {
				throw new AppError('stream-unreadable', 'this browser plays no HLS');
			}
			await attachFile(address)(video, fail, signal);
			return;
		}
		const player: Hls = new Player({
			...LIVE,
			// Parts of a stream may lie elsewhere: the login goes to its own host alone.
			xhrSetup: (xhr, url) => {
				if (address.login === null || originOf(url) !== originOf(address.url)) return;
				const headers = Object.entries(loginHeaders(url, address.login));
				for (const [name, value] of headers) xhr.setRequestHeader(name, value);
			}
		});
		signal.addEventListener('abort', () => player.destroy(), { once: true });
		player.on(Player.Events.ERROR, (_, { fatal, type, details, response }) => {
			if (!fatal) return;
			const refused = response?.code === 401 || response?.code === 403;
			const unreachable = type === Player.ErrorTypes.NETWORK_ERROR;
			fail(
				new AppError(refused ? 'stream-refused' : unreachable ? 'stream-unreachable' : 'stream-unreadable', details)
			);
		});
		const parsed = new Promise<void>((resolve) => player.once(Player.Events.MANIFEST_PARSED, () => resolve()));
		player.attachMedia(video);
		player.loadSource(address.url);
		await parsed;
	};
}
