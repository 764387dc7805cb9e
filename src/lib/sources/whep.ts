/**
 * WebRTC by WHEP (draft-ietf-wish-whep): one POST with an offer, answered with the server's; DELETE on leaving.
 * As offered by go2rtc and MediaMTX.
 */
import { AppError } from '../errors';
import { type Attach, noPictures, type StreamAddress } from './played';
import { request } from './request';

const ANSWER_LIMIT_MS = 8000;
/** Addresses are gathered before the offer is sent, as not every server accepts them later; in a LAN that is quick. */
const GATHER_LIMIT_MS = 1500;
/** A TURN server takes longer: it has to reserve an address first. */
const ICE_GATHER_LIMIT_MS = 4000;
/** From the answer to the connection; a browser itself tries for some 20 s. */
const CONNECT_LIMIT_MS = 10_000;
/** A connection that says "disconnected" often recovers by itself. */
const DISCONNECTED_LIMIT_MS = 4000;

/**
 * Plays what a WHEP endpoint sends by WebRTC in a video element. `ice`: STUN and TURN servers, none in a local network; a
 * TURN server without a login is left out, and mentioned if no connection can be made.
 */
export function attachWhep({ url, login }: StreamAddress, ice: readonly RTCIceServer[] = []): Attach {
	return async (video, fail, signal) => {
		const usable = ice.filter(({ urls, username }) => username !== undefined || !isTurn(urls));
		const troubles = new Set(
			ice
				.filter((server) => !usable.includes(server))
				.map(({ urls }) => `${String(urls)} needs a login, which the set-up page takes`)
		);
		if (typeof RTCPeerConnection === 'undefined')
			throw new AppError('stream-unreadable', 'no WebRTC', undefined, 'This browser has no WebRTC.');
		const connection = new RTCPeerConnection({ iceServers: usable });
		connection.addEventListener('icecandidateerror', (event) => {
			const trouble = describeTrouble(event);
			if (trouble !== null) troubles.add(trouble);
		});
		const transceiver = connection.addTransceiver('video', { direction: 'recvonly' });
		const arrived = new Promise<void>((resolve) => {
			connection.addEventListener('track', ({ track }) => {
				video.srcObject = new MediaStream([track]);
				resolve();
			});
		});
		watch(connection, fail, troubles, signal);
		await connection.setLocalDescription();
		await gathered(connection, usable.length === 0 ? GATHER_LIMIT_MS : ICE_GATHER_LIMIT_MS);
		const sdp = connection.localDescription?.sdp ?? '';
		const response = await request(url, {
			login,
			signal,
			limitMs: ANSWER_LIMIT_MS,
			method: 'POST',
			headers: { 'Content-Type': 'application/sdp' },
			body: sdp
		});
		const session = response.headers.get('Location');
		if (session !== null) leaveAtEnd(new URL(session, response.url || url), { url, login }, signal);
		const answer = await response.text();
		// For a stream without video, the answer has no video, a rejected one (port 0), or one that sends nothing.
		if (/^v=0\r?$/m.test(answer) && !/^m=video (?!0 )/m.test(answer)) throw noPictures('no video in the answer');
		try {
			await connection.setRemoteDescription({ type: 'answer', sdp: answer });
		} catch (thrown) {
			throw new AppError('stream-unreadable', `the answer is no session description: ${String(thrown)}`, thrown);
		}
		if (transceiver.currentDirection !== 'recvonly') throw noPictures('the answer sends no video');
		await arrived;
	};
}

const isTurn = (urls: RTCIceServer['urls']): boolean => /^turns?:/i.test(String(urls));

/** What went wrong with a STUN or TURN server; null if that would not help whoever fixes it. */
function describeTrouble({ url, errorCode, errorText }: RTCPeerConnectionIceErrorEvent): string | null {
	if (errorCode === 401 || errorCode === 403) return `${url} refuses the login (${errorCode})`;
	// 7xx comes for each network of the device, most of which cannot reach the server.
	return errorCode >= 700 ? null : `${url} says ${errorCode} ${errorText}`.trim();
}

/** Watches a connection, and closes it on abort. `troubles`: possible reasons for no connection, added over time. */
function watch(
	connection: RTCPeerConnection,
	fail: (error: AppError) => void,
	troubles: ReadonlySet<string>,
	signal: AbortSignal
): void {
	let timer: ReturnType<typeof setTimeout> | undefined;
	let hasConnected = false;
	const unconnected = () => {
		const unknown = 'there is no way from here to its addresses, unless a STUN or TURN server (ice=...) finds one';
		const why = troubles.size === 0 ? unknown : [...troubles].join('; ');
		const said = `It answered, but no connection could be made: ${why}.`;
		fail(new AppError('stream-unreachable', 'no connection could be made', undefined, said));
	};
	connection.addEventListener('signalingstatechange', () => {
		if (connection.signalingState === 'stable' && !hasConnected) timer = setTimeout(unconnected, CONNECT_LIMIT_MS);
	});
	signal.addEventListener(
		'abort',
		() => {
			clearTimeout(timer);
			connection.close();
		},
		{ once: true }
	);
	connection.addEventListener('connectionstatechange', () => {
		const { connectionState } = connection;
		if (connectionState === 'connecting') return;
		clearTimeout(timer);
		if (connectionState === 'connected') hasConnected = true;
		const lost = () => fail(new AppError('stream-lost', `the connection is ${connectionState}`));
		if (connectionState === 'failed' && !hasConnected) unconnected();
		else if (connectionState === 'failed' || connectionState === 'closed') lost();
		else if (connectionState === 'disconnected') timer = setTimeout(lost, DISCONNECTED_LIMIT_MS);
	});
}

function gathered(connection: RTCPeerConnection, limitMs: number): Promise<void> {
	return new Promise((resolve) => {
		const timer = setTimeout(resolve, limitMs);
		const check = () => {
			if (connection.iceGatheringState !== 'complete') return;
			clearTimeout(timer);
			resolve();
		};
		connection.addEventListener('icegatheringstatechange', check);
		check();
	});
}

/** Tells the server that we leave, also when the page is closed. A session on another origin than `url` is ignored. */
function leaveAtEnd(session: URL, { url, login }: StreamAddress, signal: AbortSignal): void {
	if (session.origin !== new URL(url).origin) return;
	const leave = () => {
		const never = new AbortController().signal;
		const options = { method: 'DELETE', keepalive: true, login, signal: never, limitMs: ANSWER_LIMIT_MS };
		// If the server is gone, nothing needs to be done.
		request(session.href, options).catch(() => undefined);
	};
	const left = new AbortController();
	window.addEventListener('pagehide', leave, { signal: left.signal });
	signal.addEventListener(
		'abort',
		() => {
			left.abort();
			leave();
		},
		{ once: true }
	);
}
