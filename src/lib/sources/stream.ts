/** Creates the source that an address asks for. */
import { CameraSource } from './camera';
import { GatewaySource, type GatewayReport } from './gateway';
import { gatewayRoutes, type GatewayRoute } from './gateway-routes';
import { attachHls } from './hls';
import { createMjpegSource, createSnapshotSource } from './jpeg-source';
import { Pace } from './pace';
import { attachMse } from './mse';
import { attachFile, PlayedSource } from './played';
import type { Login } from './request';
import type { FrameSource } from './source';
import { useBitmaps } from './video-frame';
import { attachWhep } from './whep';

export const STREAM_KINDS = ['gateway', 'mjpeg', 'snapshot', 'hls', 'whep', 'video'] as const;

export type SourceSpec =
	/** `name`: the camera's label or id; any camera if empty. */
	| { readonly kind: 'camera'; readonly name: string }
	/** `url`: absolute, without name and password. */
	| { readonly kind: (typeof STREAM_KINDS)[number]; readonly url: string };

/** In smaller frames, faces far from a security camera are lost. */
const MAX_SIDE_PX = 1920;
/** On devices with little memory. */
const SMALL_SIDE_PX = 1280;
const SNAPSHOT_EVERY_MS = 500;

export interface SourceOptions {
	/** For the address's origin. */
	readonly login: Login | null;
	/** The stream's pace, kept from one try to the next. */
	readonly pace?: Pace;
	/** For WebRTC, with their logins. */
	readonly ice?: readonly RTCIceServer[];
	/** Smaller frames, copied as bitmaps: otherwise the browser keeps hundreds of megabytes of video frames. */
	readonly lowMemory?: boolean;
	/** Called with the way to a gateway's camera that is in use. */
	readonly onReport?: (report: GatewayReport) => void;
}

/** A source that has not been started. */
export function createSource(spec: SourceSpec, options: SourceOptions): FrameSource {
	useBitmaps(options.lowMemory === true);
	if (spec.kind === 'camera') {
		// No other camera instead: it may point where nobody is to be seen.
		return spec.name === '' ? new CameraSource(null) : new CameraSource({ id: spec.name, label: spec.name }, true);
	}
	if (spec.kind !== 'gateway') return createStream(spec.kind, spec.url, options);
	const kinds = { webrtc: 'whep', hls: 'hls', mjpeg: 'mjpeg' } as const;
	return new GatewaySource({
		routes: gatewayRoutes(spec.url),
		create: ({ transport, url }: GatewayRoute) =>
			transport === 'mse'
				? new PlayedSource(attachMse(url, options.login !== null), maxSidePx(options), new Pace())
				: createStream(kinds[transport], url, { ...options, pace: new Pace() }),
		onReport: options.onReport ?? (() => undefined)
	});
}

function maxSidePx({ lowMemory = false }: SourceOptions): number {
	return lowMemory ? SMALL_SIDE_PX : MAX_SIDE_PX;
}

function createStream(
	kind: Exclude<(typeof STREAM_KINDS)[number], 'gateway'>,
	url: string,
	options: SourceOptions
): FrameSource {
	const { login, ice = [], pace = new Pace() } = options;
	const most = maxSidePx(options);
	const address = { url, login };
	switch (kind) {
		case 'mjpeg':
			return createMjpegSource({ ...address, pace, maxSidePx: most });
		case 'snapshot':
			return createSnapshotSource({ ...address, pace, maxSidePx: most, everyMs: SNAPSHOT_EVERY_MS });
		case 'hls':
			return new PlayedSource(attachHls(address), most, pace);
		case 'whep':
			return new PlayedSource(attachWhep(address, ice), most, pace);
		case 'video':
			return new PlayedSource(attachFile(address), most, pace);
	}
}
