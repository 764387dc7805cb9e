/**
 * The ways in which a gateway offers a camera, from the address that people copy from it. As in the gateways' sources:
 * go2rtc: internal/webrtc/server.go (POST api/webrtc?src), internal/mp4/ws.go (api/ws?src), internal/hls/hls.go
 * (api/stream.m3u8?src&mp4), internal/mjpeg/mjpeg.go (api/stream.mjpeg?src). MediaMTX:
 * internal/servers/webrtc/http_server.go (POST /PATH/whep, port 8889), internal/servers/hls/http_server.go
 * (/PATH/index.m3u8, port 8888).
 */

export type Transport = 'webrtc' | 'mse' | 'hls' | 'mjpeg';

export interface GatewayRoute {
	readonly transport: Transport;
	readonly url: string;
}

export const TRANSPORT_TITLES: Readonly<Record<Transport, string>> = {
	webrtc: 'WebRTC',
	mse: 'MSE',
	hls: 'HLS',
	mjpeg: 'Motion JPEG'
};

/** MediaMTX's ports for WebRTC and HLS. */
const WEBRTC_PORT = '8889';
const HLS_PORT = '8888';

/**
 * The ways to a camera, best first. An address with `?src=` is go2rtc's, any other is MediaMTX's. `address` is
 * absolute.
 */
export function gatewayRoutes(address: string): readonly GatewayRoute[] {
	const url = new URL(address);
	const name = url.searchParams.get('src');
	return name === null ? mediaMtxRoutes(url) : go2rtcRoutes(url, name);
}

function go2rtcRoutes(url: URL, name: string): readonly GatewayRoute[] {
	// People just as often copy the address of its pages, or of another way to the same camera.
	const path = url.pathname.replace(/\/(?:api(?:\/.*)?|[\w-]+\.html)?$/, '');
	const at = (what: string, more = ''): string =>
		`${url.origin}${path}/api/${what}?src=${encodeURIComponent(name)}${more}`;
	return [
		{ transport: 'webrtc', url: at('webrtc') },
		{ transport: 'mse', url: at('ws').replace(/^http/, 'ws') },
		{ transport: 'hls', url: at('stream.m3u8', '&mp4') },
		{ transport: 'mjpeg', url: at('stream.mjpeg') }
	];
}

function mediaMtxRoutes(url: URL): readonly GatewayRoute[] {
	const path = url.pathname.replace(/\/(?:whep|index\.m3u8)?$/, '');
	const at = (port: string, prefix: string, what: string): string => {
		const there = new URL(url);
		if (url.port === WEBRTC_PORT || url.port === HLS_PORT) there.port = port;
		there.pathname = `${path.replace(/^\/(?:whep|hls)(?=\/)/, prefix)}/${what}`;
		return there.href;
	};
	return [
		{ transport: 'webrtc', url: at(WEBRTC_PORT, '/whep', 'whep') },
		{ transport: 'hls', url: at(HLS_PORT, '/hls', 'index.m3u8') }
	];
}
