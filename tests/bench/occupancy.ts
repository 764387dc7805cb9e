/**
 * How soon a broker knows that somebody is there: milliseconds from when a camera's server sends the first picture with
 * a face to when Mosquitto delivers the kiosk's "ON" to a subscriber.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { type Browser, chromium } from 'playwright-core';
import sharp from 'sharp';
import { provideChromium, QUIET_ARGS } from '../chromium';
import { clipFrames, farFrames } from '../e2e/clip';
import { startStreams } from '../e2e/streams';
import { BROKER_LOGIN, Mosquitto } from '../mosquitto';
import { freePort } from '../programs';
import { serveSite } from '../server';
import { median } from './figures';

const HD = { width: 1280, height: 720 };
/** Pictures per second of each camera. */
export const CAMERA_FPS = 15;
/** Nobody is in view for this long before each take, plus a fraction of a second, so that takes start at any phase. */
const EMPTY_MS = 1500;
const LIMIT_MS = 120_000;

export interface OccupancyRow {
	readonly what: string;
	readonly cameras: number;
	readonly takes: number;
	readonly medianMs: number;
	readonly worstMs: number;
}

const SCENES = [
	{ what: 'a face near', cameras: 1, frames: () => clipFrames({ size: HD }) },
	{ what: 'heads of 50 pixels', cameras: 1, frames: farFrames },
	{ what: 'a face near', cameras: 4, frames: () => clipFrames({ size: HD }) }
];

/** Measures each scene `takes` times. `folder`: for served files. */
export async function measureOccupancy(program: string, folder: string, takes: number): Promise<OccupancyRow[]> {
	const empty = await emptyFrames();
	let shown = empty;
	const streams = await startStreams(() => shown, folder, 1000 / CAMERA_FPS);
	const port = await freePort();
	const broker = new Mosquitto(program, port, await freePort());
	await broker.start();
	const site = await serveSite([`--proxy=/streams=${streams.address}`, `--proxy=/broker=ws://127.0.0.1:${port}`]);
	const client = await mqtt.connectAsync(`ws://127.0.0.1:${port}`, BROKER_LOGIN);
	const told: Told[] = [];
	client.on('message', (topic, payload) => {
		if (topic.endsWith('/occupancy')) told.push({ topic, text: payload.toString(), ms: performance.now() });
	});
	let browser: Browser | undefined;
	try {
		await client.subscribeAsync('#', { qos: 1 });
		const rows: OccupancyRow[] = [];
		for (const { what, cameras, frames } of SCENES) {
			const occupied = await frames();
			shown = occupied;
			told.length = 0;
			browser = await chromium.launch({ executablePath: provideChromium(), args: [...QUIET_ARGS] });
			const page = await browser.newPage({ baseURL: site.origin, viewport: { width: 1920, height: 1080 } });
			const sources = Array.from({ length: cameras }, (_, index) => `source=mjpeg:/streams/door${index + 1}/mjpeg`);
			await page.goto(`/kiosk/setup?${sources.join('&')}&log=no&mqtt=/broker&mqtt-topic=bench&occupied=1`);
			await page.getByLabel(/Name for ws:/).fill(BROKER_LOGIN.username);
			await page.getByLabel(/Password for ws:/).fill(BROKER_LOGIN.password);
			await page.getByLabel(/Password for ws:/).press('Enter');
			await page.getByTestId('open-kiosk').click();
			await until(() => saying(told, 'ON').length === cameras);
			const latenciesMs: number[] = [];
			for (let take = 0; take < takes; take++) {
				shown = empty;
				await until(() => saying(told, 'OFF').length === cameras);
				await sleep(EMPTY_MS + 997 * ((take * 0.618) % 1));
				shown = occupied;
				const beganMs = performance.now();
				await until(() => firstSince(told, beganMs, 'ON').length === cameras);
				latenciesMs.push(...firstSince(told, beganMs, 'ON').map(({ ms }) => ms - beganMs));
			}
			await browser.close();
			const figures = { medianMs: Math.round(median(latenciesMs)), worstMs: Math.round(Math.max(...latenciesMs)) };
			rows.push({ what, cameras, takes: latenciesMs.length, ...figures });
			console.log(JSON.stringify(rows.at(-1)));
		}
		return rows;
	} finally {
		await browser?.close();
		await client.endAsync(true);
		await broker.remove();
		streams.stop();
		site.stop();
	}
}

interface Told {
	readonly topic: string;
	readonly text: string;
	readonly ms: number;
}

/** Each camera's last message, of those whose last message has this text. */
function saying(told: readonly Told[], text: string): Told[] {
	return [...new Map(told.map((each) => [each.topic, each])).values()].filter((each) => each.text === text);
}

/** Each camera's first message with this text since then: messages are repeated now and then. */
function firstSince(told: readonly Told[], sinceMs: number, text: string): Told[] {
	const said = told.filter((each) => each.ms > sinceMs && each.text === text);
	return [...new Map(said.toReversed().map((each) => [each.topic, each])).values()];
}

/** Rejects if it does not come true in time. */
async function until(isTrue: () => boolean): Promise<void> {
	const lastMs = performance.now() + LIMIT_MS;
	while (!isTrue()) {
		if (performance.now() > lastMs) throw new Error(`Not every camera said so within ${LIMIT_MS / 1000} s.`);
		await sleep(20);
	}
}

/** A grey room in which something moves, as no two pictures of a camera are the same. */
function emptyFrames(): Promise<Buffer[]> {
	return Promise.all(
		Array.from({ length: 30 }, (_, frame) =>
			sharp({ create: { ...HD, channels: 3, background: '#8a8d90' } })
				.composite([
					{
						input: { create: { width: 40, height: 160, channels: 3, background: '#6a7070' } },
						left: 40 * frame,
						top: 300
					}
				])
				.jpeg({ quality: 90 })
				.toBuffer()
		)
	);
}
