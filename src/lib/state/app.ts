/**
 * What every page of the site shares: one analyser, whose models are loaded once, one set of settings, and what was
 * read, which a visitor finds again after looking at another page.
 */
import { createContext } from 'svelte';
import { browser } from '$app/environment';
import { asset, resolve } from '$app/paths';
import { Analyser, type AnalyserEvent } from '../client/analyser';
import { CameraSource, type CameraChoice } from '../sources/camera';
import { fetchPicture, PhotoSource } from '../sources/photo';
import { Cameras } from './cameras.svelte';
import type { Films } from './film/films.svelte';
import { forgetBackend, keepBackend } from './known-backend';
import type { Photos } from './photos.svelte';
import { Session } from './session.svelte';
import { Settings } from './settings.svelte';
import { localStore } from './storage';
import type { Timeline } from './timeline.svelte';
import { Updates } from './updates.svelte';

export interface App {
	readonly session: Session;
	readonly settings: Settings;
	readonly cameras: Cameras;
	readonly updates: Updates;
	/** The session's own, for others to share. `listen` passes on its events, until the returned function is called. */
	readonly analyser: Analyser;
	readonly listen: (listener: (event: AnalyserEvent) => void) => () => void;
	/**
	 * Created by the first page that needs it, so that the others do not load its code. `dropped`: files dropped on the
	 * live page, for the page that reads them to take.
	 */
	readonly kept: { photos?: Photos; films?: Films; timeline?: Timeline; dropped?: readonly DroppedFile[] };
}

interface DroppedFile {
	readonly name: string;
	readonly file: File;
}

export const [getApp, setApp] = createContext<App>();

/** Builds the parts; nothing is loaded yet. */
export function createApp(): App {
	const storage = localStore();
	const settings = new Settings(storage);
	// While pages are prerendered there is no address, and no worker.
	const baseUrl = browser ? new URL(resolve('/'), location.href).href : '';
	const listeners = new Set<(event: AnalyserEvent) => void>();
	const analyser = new Analyser({
		baseUrl,
		onEvent: (event) => {
			if (event.type === 'ready') keepBackend(storage, event.backend, navigator.userAgent, Date.now());
			if (event.type === 'restarting') forgetBackend(storage);
			for (const listener of [...listeners]) listener(event);
		}
	});
	const listen: App['listen'] = (listener) => {
		listeners.add(listener);
		return () => void listeners.delete(listener);
	};
	const session = new Session({
		createAnalyser: (onEvent) => {
			listen(onEvent);
			return analyser;
		},
		settings,
		now: () => performance.now()
	});
	return { session, settings, cameras: new Cameras(), updates: new Updates(), analyser, listen, kept: {} };
}

/** Opens the chosen camera, or the remembered one, and remembers which one was opened. */
export async function startCamera({ session, settings, cameras }: App, choice?: CameraChoice): Promise<void> {
	if (choice !== undefined) settings.update({ camera: choice });
	await session.open(() => new CameraSource(settings.current.camera));
	const { source } = session;
	if (!(source instanceof CameraSource)) return;
	settings.update({ camera: source.opened });
	await cameras.refresh();
}

/** Opens the picture that comes with the site. */
export async function startSample({ session }: App): Promise<void> {
	const url = asset('/samples/astronaut.webp');
	const description = 'Sample picture: portrait of the astronaut Eileen Collins, NASA';
	await session.open(() => new PhotoSource((signal) => fetchPicture(url, signal), description));
}
