/**
 * `npm run soak -- --transports`: two cameras at once on every transport in turn, a broker that comes and goes, and a
 * fast clock in the kiosk, so that a quarter of an hour fills hours of log.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { createRandom, uniform } from '../../training/lib/random';
import { provideChromium } from '../chromium';
import { clipFrames, writeClip } from '../e2e/clip';
import { LiveHls } from '../e2e/ffmpeg';
import { startGo2rtc } from '../e2e/gateways';
import { startStreams } from '../e2e/streams';
import { BROKER_LOGIN, Mosquitto } from '../mosquitto';
import { freePort, provideProgram } from '../programs';
import { serveSite } from '../server';
import { copyBuild } from './soak-build';
import { bringStreamFault, SoakedKiosk } from './soak-kiosk';
import { FAULTS, PAGE_FAULTS, type StreamFault } from './soak-plan';
import { type Gap, judgeTour, type LoggedMinute, type Tour, tourReport } from './soak-tour-summary';
import { replaceBetween, writeJson } from './tables';
import { PLAIN_WEBRTC, startWhepPeer } from './whep-peer';

/** If it were faster, a moment in which a busy machine does not run the page would look like a computer asleep. */
const SPEED = 10;
const CAMERAS = ['one', 'two'] as const;
const TOPIC = 'soak';
const MINUTE_MS = 60_000;
const LEAD_MS = 4000;
const HELD_S = { least: 3, most: 12 };
const START_LIMIT_MS = 180_000;
const RECOVERY_LIMIT_MS = 120_000;
const RESULTS = 'tests/bench/results/soak.json';
const DOCUMENTS = ['tests/bench/results/README.md', 'src/routes/kiosk/README.md'];

interface BringableFault {
	readonly title: string;
	readonly held: boolean;
	readonly bring: () => Promise<() => Promise<void>>;
}

interface Transport {
	readonly title: string;
	readonly source: string;
	readonly faults: readonly BringableFault[];
}

interface Asked {
	readonly minutes: number;
	readonly seed: number;
}

interface ExportedMinute {
	readonly minute: string;
	readonly frames: number;
	readonly camera?: string;
}

/** True if the run passed. */
export async function runTour({ minutes, seed }: Asked, signal: AbortSignal): Promise<boolean> {
	const programs = { ffmpeg: provideProgram('ffmpeg'), mosquitto: provideProgram('mosquitto') };
	if (programs.ffmpeg === null || programs.mosquitto === null) throw new Error('This run needs ffmpeg and mosquitto.');
	const { ffmpeg, mosquitto } = programs as { ffmpeg: string; mosquitto: string };
	const folder = mkdtempSync(join(tmpdir(), 'mien-soak-'));
	const stops: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
	try {
		const executable = provideChromium();
		copyBuild(folder);
		const frames = await clipFrames();
		const clip = join(folder, 'clip.mjpeg');
		await writeClip(clip, frames);
		const streams = await startStreams(frames, folder);
		stops.push(() => streams.stop());
		const recorder = new LiveHls(ffmpeg, clip, folder, 'h264');
		stops.push(() => recorder.stop());
		await recorder.ready();
		const peer = await startWhepPeer(executable);
		stops.push(() => peer.stop());
		const gateway = await startGo2rtc(ffmpeg, clip, 'h264', frames);
		stops.push(() => gateway.stop());
		const brokerPort = await freePort();
		const broker = new Mosquitto(mosquitto, brokerPort, await freePort());
		await broker.start();
		stops.push(() => broker.remove());
		const proxies = {
			streams: streams.address,
			whep: peer.address,
			gateway: gateway.address,
			broker: `ws://127.0.0.1:${brokerPort}`
		};
		const site = await serveSite(
			Object.entries(proxies).map(([path, address]) => `--proxy=/${path}=${address}`),
			folder
		);
		stops.push(() => site.stop());

		const ofStream = (stream: string, kinds: readonly StreamFault[]): BringableFault[] =>
			kinds.map((kind) => ({
				title: FAULTS[kind].title,
				held: true,
				bring: () => bringStreamFault(streams, stream, kind)
			}));
		const held = (title: string, begin: () => unknown, end: () => unknown): BringableFault => ({
			...{ title, held: true },
			bring: async () => {
				await begin();
				return async () => {
					await end();
				};
			}
		});
		const motionJpeg: Transport = {
			title: 'Motion JPEG',
			source: 'mjpeg:/streams/jpeg/mjpeg',
			faults: ofStream('jpeg', ['cut', 'unavailable', 'freeze', 'repeat', 'corrupt'])
		};
		const snapshot: Transport = {
			title: 'snapshots',
			source: 'snapshot:/streams/shot/snapshot',
			faults: ofStream('shot', ['cut', 'unavailable', 'corrupt'])
		};
		const hls: Transport = {
			title: 'HLS',
			source: 'hls:/streams/hls/files/live.m3u8',
			faults: [
				...ofStream('hls', ['cut', 'unavailable']),
				held(
					'recorder stopped',
					() => recorder.pause(),
					() => recorder.resume()
				)
			]
		};
		const webrtc: Transport = {
			title: 'WebRTC',
			source: 'whep:/whep/door',
			faults: [
				held(
					'peer gone',
					() => peer.set('unavailable'),
					() => peer.set('ok')
				),
				held(
					'stream frozen',
					() => peer.set('freeze'),
					() => peer.set('ok')
				)
			]
		};
		const mse: Transport = {
			title: 'MSE over a WebSocket',
			source: 'gateway:/gateway?src=door',
			faults: [
				{ title: 'WebSocket cut', held: false, bring: () => (gateway.cut(), Promise.resolve(() => Promise.resolve())) },
				held(
					'MSE refused, Motion JPEG in its place',
					() => {
						gateway.state.mse = false;
						gateway.cut();
					},
					() => (gateway.state.mse = true)
				)
			]
		};
		const legs = [
			[motionJpeg, snapshot],
			[hls, webrtc],
			[mse, motionJpeg]
		] as const;

		const epochMs = Date.now();
		const kioskMs = (): number => epochMs + SPEED * (Date.now() - epochMs);
		const kiosk = await SoakedKiosk.launch(executable, {
			origin: site.origin,
			args: [PLAIN_WEBRTC],
			prepare: (context) =>
				context.addInitScript(
					({ from, speed }) => {
						const now = Date.now.bind(Date);
						Date.now = () => from + speed * (now() - from);
					},
					{ from: epochMs, speed: SPEED }
				)
		});
		stops.push(() => kiosk.close());

		const received: LoggedMinute[] = [];
		const client = mqtt.connect(`ws://127.0.0.1:${brokerPort}`, {
			...BROKER_LOGIN,
			...{ clientId: 'soak', clean: false, reconnectPeriod: 200 }
		});
		stops.push(() => client.endAsync(true));
		client.on('error', () => undefined);
		client.on('message', (topic, payload) => {
			const [, camera = '', what] = topic.split('/');
			if (what !== 'minute' || payload.length === 0) return;
			const { minute, frames: count } = JSON.parse(payload.toString()) as ExportedMinute;
			received.push({ camera, minute: Date.parse(minute), frames: count });
		});
		await new Promise<void>((resolve) => client.once('connect', () => resolve()));
		await client.subscribeAsync(`${TOPIC}/#`, { qos: 1 });

		const query = (leg: readonly Transport[]): string =>
			[
				...leg.map(({ source }) => `source=${encodeURIComponent(source)}`),
				...CAMERAS.map((name) => `name=${name}`),
				`mqtt=/broker&mqtt-topic=${TOPIC}`
			].join('&');
		const { page } = kiosk;
		await kiosk.open(`/kiosk/setup?${query(legs[0])}`);
		await page.getByLabel(/Name for ws:/).fill(BROKER_LOGIN.username);
		await page.getByLabel(/Password for ws:/).fill(BROKER_LOGIN.password);
		await page.getByLabel(/Password for ws:/).press('Enter');

		const brokerAway = held(
			'broker away',
			() => broker.kill(),
			() => broker.start()
		);
		const pageFaults = PAGE_FAULTS.filter((kind) => process.platform !== 'win32' || kind !== 'page-stopped').map(
			(kind): BringableFault => ({ title: FAULTS[kind].title, held: FAULTS[kind].held, bring: () => kiosk.bring(kind) })
		);
		const tour: Tour & { faults: Tour['faults'][number][]; samples: Tour['samples'][number][]; gaps: Gap[] } = {
			...{ minutes, speed: SPEED, legs: legs.map((leg) => leg.map(({ title }) => title).join(' with ')) },
			...{ faults: [], samples: [], gaps: [], logged: [], published: [], reloads: 0, troubles: [] }
		};
		const troubles: string[] = [];
		const ended = new AbortController();
		kiosk.onTrouble = (text, isFatal) => {
			// Lost connections are what this tests.
			if (/WebSocket|Failed to fetch|NetworkError/.test(text)) return;
			troubles.push(text);
			if (isFatal) ended.abort();
		};
		const beganMs = Date.now();
		const load = loadavg()[0]?.toFixed(1) ?? '?';
		const legMs = (minutes * MINUTE_MS) / legs.length;
		const random = createRandom(seed, 0);
		for (const [index, leg] of legs.entries()) {
			const left = kioskMs();
			await kiosk.open(`/kiosk?${query(leg)}`);
			const before = await kiosk.see();
			const startMs = Date.now();
			const wait = { before, byAnother: false, limitMs: START_LIMIT_MS, cameras: CAMERAS.length, signal };
			if ((await kiosk.waitForFaces(startMs, wait)) === null)
				throw new Error(`No faces on both cameras within ${START_LIMIT_MS / 1000} s: ${tour.legs[index] ?? ''}`);
			tour.gaps.push({ fromMs: left, toMs: kioskMs() });
			console.log(`${((Date.now() - beganMs) / MINUTE_MS).toFixed(1).padStart(6)} min  ${tour.legs[index] ?? ''}`);
			const all = [
				...leg.flatMap((transport, camera) =>
					transport.faults.map((fault) => ({ what: transport.title, camera, fault }))
				),
				...[...pageFaults, brokerAway].map((fault) => ({
					...{ what: fault === brokerAway ? 'MQTT' : 'page', camera: null, fault }
				}))
			];
			let order: typeof all = [];
			const legStartMs = Date.now();
			let sampledMs = -Infinity;
			while (Date.now() - legStartMs < legMs && !ended.signal.aborted) {
				if (order.length === 0)
					order = all
						.map((each) => ({ each, at: random() }))
						.sort((a, b) => a.at - b.at)
						.map(({ each }) => each);
				const next = order.pop();
				if (next === undefined) break;
				await sleep(LEAD_MS, undefined, { signal });
				const { what, camera, fault } = next;
				const heldS = fault.held ? Math.round(uniform(random, HELD_S.least, HELD_S.most)) : 0;
				const seen = await kiosk.see();
				const fromMs = kioskMs();
				const minute = (Date.now() - beganMs) / MINUTE_MS;
				let sinceMs = Date.now();
				const takeBack = await fault.bring();
				try {
					await sleep(1000 * heldS, undefined, { signal });
				} finally {
					await takeBack();
					if (heldS > 0) sinceMs = Date.now();
				}
				const faultMs = sinceMs - 1000 * heldS;
				const isKilled = /^worker/.test(fault.title);
				const recoveredMs = await kiosk.waitForFaces(sinceMs, {
					...{ before: seen, byAnother: isKilled, limitMs: RECOVERY_LIMIT_MS, cameras: CAMERAS.length, signal }
				});
				// Like a sleeping computer: no log is written in the meantime.
				if (fault.title === FAULTS['page-stopped'].title) tour.gaps.push({ fromMs, toMs: kioskMs() });
				const { faces } = await kiosk.see();
				const others = faces.filter((each) => each.camera !== camera && each.ms > faultMs && each.ms < sinceMs);
				const recoveredS = recoveredMs === null ? null : recoveredMs / 1000;
				tour.faults.push({
					...{ leg: index, what, title: fault.title, minute, heldS, recoveredS },
					otherResults: camera === null || heldS === 0 ? null : others.length
				});
				console.log(
					`${minute.toFixed(1).padStart(6)} min  ${what}: ${fault.title}${heldS > 0 ? ` for ${heldS} s` : ''}: ${recoveredS === null ? 'NOT RECOVERED' : `back after ${recoveredS.toFixed(1)} s`}${camera === null || heldS === 0 ? '' : `; ${others.length} results of the other camera`}`
				);
				if (Date.now() - sampledMs < MINUTE_MS / 2) continue;
				sampledMs = Date.now();
				const sample = await kiosk.sample((Date.now() - legStartMs) / MINUTE_MS);
				if (sample.workerHeapMb === null) continue;
				const heapMb = sample.pageHeapMb + sample.workerHeapMb;
				const { tensors, processMb } = sample;
				tour.samples.push({ leg: index, minute: sample.minute, heapMb, tensors, processMb });
				console.log(
					`           heap ${heapMb.toFixed(2)} MB, tensors ${tensors ?? '?'}, process ${processMb?.toFixed(0) ?? '?'} MB, minutes from the broker ${received.length}`
				);
			}
		}
		const { reloads } = await kiosk.sample(0);
		// Pending messages are sent before the page is left.
		await sleep(2 * LEAD_MS, undefined, { signal });
		await page.goto('/kiosk/log');
		await page.locator('[data-testid=kiosk-log]:not([data-minutes="0"])').waitFor();
		await page.getByTestId('export').locator('summary').click();
		const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('json').click()]);
		const exported = JSON.parse(await readFile(await download.path(), 'utf8')) as { minutes: ExportedMinute[] };
		await sleep(LEAD_MS, undefined, { signal });
		const logged = exported.minutes.map(({ camera = '', minute, frames: count }) => ({
			...{ camera, minute: Date.parse(minute), frames: count }
		}));
		const published = [...new Map(received.map((each) => [`${each.camera} ${each.minute}`, each])).values()];
		const ran: Tour = { ...tour, minutes: (Date.now() - beganMs) / MINUTE_MS, logged, published, reloads, troubles };
		const about = `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}, Chromium ${kiosk.browserVersion}, ${new Date().toISOString().slice(0, 10)}, seed ${seed}, load ${load} before and ${loadavg()[0]?.toFixed(1) ?? '?'} after.`;
		const report = tourReport(ran, about);
		await writeJson(RESULTS, { about, ...ran, logged: logged.length, published: published.length });
		for (const file of DOCUMENTS) writeFileSync(file, replaceBetween(readFileSync(file, 'utf8'), 'soak', report));
		console.log(`\n${report}`);
		return judgeTour(ran).length === 0;
	} finally {
		for (const stop of stops.reverse()) await stop();
	}
}
