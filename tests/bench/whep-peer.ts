/**
 * A camera that speaks WHEP: a page in its own browser that publishes a moving picture to anyone who makes an offer.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { chromium } from 'playwright-core';
import { QUIET_ARGS } from '../chromium';
import { ASTRONAUT } from '../e2e/clip';

/** Lets pages on one machine find each other without multicast, which a container may lack. */
export const PLAIN_WEBRTC = '--disable-features=WebRtcHideLocalIpsWithMdns';

/** `unavailable`: peers are gone, and offers get status 404; `freeze`: no new picture. */
export type PeerMode = 'ok' | 'unavailable' | 'freeze';

export interface WhepPeer {
	readonly address: string;
	set(mode: PeerMode): Promise<void>;
	stop(): Promise<void>;
}

interface Published {
	mode: PeerMode;
	answer(offer: string): Promise<string>;
	set(mode: PeerMode): void;
}

/** Runs in its page. */
async function prepare(picture: string): Promise<void> {
	const image = new Image();
	image.src = picture;
	await image.decode();
	const canvas = document.createElement('canvas');
	canvas.width = 640;
	canvas.height = 480;
	const peers = new Set<RTCPeerConnection>();
	let turn = 0;
	const published: Published = {
		mode: 'ok',
		async answer(offer) {
			const peer = new RTCPeerConnection();
			peers.add(peer);
			for (const track of canvas.captureStream(10).getTracks()) peer.addTrack(track);
			await peer.setRemoteDescription({ type: 'offer', sdp: offer });
			await peer.setLocalDescription();
			while (peer.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 50));
			return peer.localDescription?.sdp ?? '';
		},
		set(mode) {
			published.mode = mode;
			if (mode !== 'unavailable') return;
			for (const peer of peers) peer.close();
			peers.clear();
		}
	};
	Object.assign(window, { published });
	setInterval(() => {
		if (published.mode === 'ok') canvas.getContext('2d')?.drawImage(image, 10 * Math.sin(turn++ / 5), -20, 640, 640);
	}, 100);
}

export async function startWhepPeer(executablePath: string): Promise<WhepPeer> {
	const browser = await chromium.launch({ executablePath, args: [...QUIET_ARGS, PLAIN_WEBRTC] });
	const page = await browser.newPage();
	await page.evaluate(prepare, `data:image/png;base64,${readFileSync(ASTRONAUT).toString('base64')}`);
	let mode: PeerMode = 'ok';
	const answer = (offer: string): Promise<string> =>
		page.evaluate((sdp) => (window as unknown as { published: Published }).published.answer(sdp), offer);
	const server = createServer((request, response) => {
		if (request.method === 'DELETE') return void response.writeHead(200).end();
		if (mode === 'unavailable') return void response.writeHead(404).end();
		void text(request)
			.then(answer)
			.then((sdp) =>
				response.writeHead(201, { 'Content-Type': 'application/sdp', Location: '/whep/session/1' }).end(sdp)
			)
			.catch(() => response.writeHead(500).end());
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		set: async (next) => {
			mode = next;
			await page.evaluate((to) => (window as unknown as { published: Published }).published.set(to), next);
		},
		stop: async () => {
			server.closeAllConnections();
			server.close();
			await browser.close();
		}
	};
}
