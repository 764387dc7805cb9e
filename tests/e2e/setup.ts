/** Sets up the browser tests: a Chromium, the built site served as `npm start` serves it, and a clip for the camera. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { provideChromium } from '../chromium';
import { freePort, provideProgram } from '../programs';
import { type Site, serveSite } from '../server';
import { clipFrames, writeClip } from './clip';
import { startStreams } from './streams';

declare module 'vitest' {
	interface ProvidedContext {
		/** Path of the browser. */
		chromium: string;
		/** Address of the served site, without a trailing slash. */
		origin: string;
		/** Path of the clip that the fake camera plays. */
		clip: string;
		/** Folder whose files the stream server serves. */
		files: string;
		/** Paths of programs; null if they are missing, and the tests that need them are skipped. */
		mosquitto: string | null;
		ffmpeg: string | null;
		/** Nobody listens on it yet; the site forwards /broker to it. */
		brokerPort: number;
		/** Address of the server that plays the clip as streams; the site forwards /streams to it. */
		streams: string;
	}
}

export default async function setup(project: TestProject): Promise<() => void> {
	const folder = mkdtempSync(join(tmpdir(), 'mien-e2e-'));
	const clip = join(folder, 'camera.mjpeg');
	const frames = await clipFrames();
	const streams = await startStreams(frames, folder);
	const brokerPort = await freePort();
	const proxies = [`/streams=${streams.address}`, `/broker=ws://127.0.0.1:${brokerPort}`];
	let site: Site | undefined;
	const stop = () => {
		site?.stop();
		streams.stop();
		rmSync(folder, { recursive: true, force: true });
	};
	try {
		site = await serveSite(proxies.map((proxy) => `--proxy=${proxy}`));
		project.provide('chromium', provideChromium());
		project.provide('mosquitto', provideProgram('mosquitto'));
		project.provide('ffmpeg', provideProgram('ffmpeg'));
		project.provide('brokerPort', brokerPort);
		project.provide('files', folder);
		project.provide('clip', clip);
		project.provide('streams', streams.address);
		await writeClip(clip, frames);
		project.provide('origin', site.origin);
	} catch (error) {
		stop();
		throw error;
	}
	return stop;
}
