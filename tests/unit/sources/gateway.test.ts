import { beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/lib/errors';
import type { GrabbedFrame } from '../../../src/lib/protocol';
import { GatewaySource, type GatewayReport } from '../../../src/lib/sources/gateway';
import { gatewayRoutes, type GatewayRoute, type Transport } from '../../../src/lib/sources/gateway-routes';
import type { FrameSource } from '../../../src/lib/sources/source';

describe('the routes to a camera', () => {
	it.each([
		'http://pi:1984/?src=front door',
		'http://pi:1984/stream.html?src=front%20door&mode=mse',
		'http://pi:1984/api/stream.mjpeg?src=front%20door',
		'http://pi:1984/webrtc.html?src=front+door'
	])('of go2rtc, from %s', (address) => {
		expect(gatewayRoutes(address).map(({ transport, url }) => [transport, url])).toEqual([
			['webrtc', 'http://pi:1984/api/webrtc?src=front%20door'],
			['mse', 'ws://pi:1984/api/ws?src=front%20door'],
			['hls', 'http://pi:1984/api/stream.m3u8?src=front%20door&mp4'],
			['mjpeg', 'http://pi:1984/api/stream.mjpeg?src=front%20door']
		]);
	});

	it('of go2rtc below a path of the proxy', () => {
		expect(gatewayRoutes('https://kiosk/camera?src=door')[1]?.url).toBe('wss://kiosk/camera/api/ws?src=door');
	});

	it.each([
		'http://pi:8889/door',
		'http://pi:8889/door/',
		'http://pi:8888/door/index.m3u8',
		'http://pi:8889/door/whep'
	])('of MediaMTX, from %s', (address) => {
		expect(gatewayRoutes(address).map(({ url }) => url)).toEqual([
			'http://pi:8889/door/whep',
			'http://pi:8888/door/index.m3u8'
		]);
	});

	it('of MediaMTX below two paths of the proxy', () => {
		expect(gatewayRoutes('https://kiosk/whep/hall/door').map(({ url }) => url)).toEqual([
			'https://kiosk/whep/hall/door/whep',
			'https://kiosk/hls/hall/door/index.m3u8'
		]);
	});
});

/** What each route does: it gives pictures, or says why not. */
const works = new Map<Transport, boolean>();
const opened: Transport[] = [];
const ROUTES: readonly GatewayRoute[] = (['webrtc', 'mse', 'hls', 'mjpeg'] as const).map((transport) => ({
	transport,
	url: `http://pi/${transport}`
}));

class Way implements FrameSource {
	readonly kind = 'stream';
	readonly live = true;
	readonly mirrored = false;
	readonly element = null;
	onend: ((error: AppError) => void) | null = null;
	#isStopped = false;
	readonly #transport: Transport;

	constructor(transport: Transport) {
		this.#transport = transport;
	}

	start(): Promise<void> {
		opened.push(this.#transport);
		if (works.get(this.#transport) !== true) throw new AppError('stream-unreadable', `no ${this.#transport}`);
		return Promise.resolve();
	}

	async grab(): Promise<GrabbedFrame | null> {
		await new Promise((resolve) => setTimeout(resolve, 2));
		if (this.#isStopped) return null;
		if (works.get(this.#transport) === true) return { transport: this.#transport, close: () => undefined } as never;
		this.onend?.(new AppError('stream-frozen', 'it froze'));
		return null;
	}

	stop(): void {
		this.#isStopped = true;
	}
}

function open(): { source: GatewaySource; reports: GatewayReport[] } {
	const reports: GatewayReport[] = [];
	const source = new GatewaySource({
		routes: ROUTES,
		create: ({ transport }) => new Way(transport),
		onReport: (report) => reports.push(report),
		improveMs: { first: 20, greatest: 100 },
		firstFrameLimitMs: 1000
	});
	return { source, reports };
}

async function shown(source: GatewaySource): Promise<Transport | undefined> {
	return ((await source.grab()) as unknown as { transport: Transport } | null)?.transport;
}

describe('a gateway', () => {
	beforeAll(() => opened.splice(0));
	const only = (...transports: Transport[]) => {
		works.clear();
		for (const transport of transports) works.set(transport, true);
	};

	it('is asked for its best route first, and says why earlier ones failed', async () => {
		only('hls', 'mjpeg');
		const { source, reports } = open();
		await source.start(new AbortController().signal);
		expect(opened).toEqual(['webrtc', 'mse', 'hls']);
		expect(await shown(source)).toBe('hls');
		expect(reports).toEqual([
			{
				transport: 'hls',
				refused: [
					{ transport: 'webrtc', reason: 'no webrtc' },
					{ transport: 'mse', reason: 'no mse' }
				]
			}
		]);
		source.stop();
	});

	it('moves on to the next route when one stops giving pictures, and back to a better one when possible', async () => {
		only('webrtc', 'mjpeg');
		const { source, reports } = open();
		await source.start(new AbortController().signal);
		expect(await shown(source)).toBe('webrtc');
		only('mjpeg');
		expect(await shown(source)).toBe('mjpeg');
		expect(reports.at(-1)?.refused[0]).toEqual({ transport: 'webrtc', reason: 'it froze' });
		// Asked again, it says why it still fails.
		await expect
			.poll(async () => [await shown(source), reports.at(-1)?.refused[0]?.reason])
			.toEqual(['mjpeg', 'no webrtc']);
		only('mjpeg', 'mse');
		await expect.poll(() => shown(source)).toBe('mse');
		only('mse', 'webrtc');
		await expect.poll(() => shown(source)).toBe('webrtc');
		expect(reports.at(-1)?.transport).toBe('webrtc');
		source.stop();
		expect(await source.grab()).toBeNull();
	});

	it('skips a route on request', async () => {
		only('webrtc', 'mse');
		const { source } = open();
		await source.start(new AbortController().signal);
		expect(await shown(source)).toBe('webrtc');
		source.giveUpWay();
		expect(await shown(source)).toBe('mse');
		source.stop();
	});

	it('fails with every reason if it gives nothing, and ends with the current reasons if it stops', async () => {
		const refused = ROUTES.map(({ transport }) => ({ transport, reason: `no ${transport}` }));
		only();
		const { source, reports } = open();
		await expect(source.start(new AbortController().signal)).rejects.toThrow(
			'WebRTC: no webrtc; MSE: no mse; HLS: no hls; Motion JPEG: no mjpeg'
		);
		expect(reports).toEqual([{ transport: null, refused }]);
		only('mse');
		const second = open();
		await second.source.start(new AbortController().signal);
		const ended = new Promise<AppError>((resolve) => (second.source.onend = resolve));
		only();
		expect(await second.source.grab()).not.toBeNull();
		expect(await second.source.grab()).toBeNull();
		expect((await ended).code).toBe('stream-unreadable');
		expect(second.reports.at(-1)).toEqual({ transport: null, refused });
	});
});
