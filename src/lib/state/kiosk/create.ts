/** Assembles kiosks, one for each camera, from what this browser holds. */
import { version } from '$app/environment';
import { resolve } from '$app/paths';
import type { App } from '../app';
import { Session } from '../session.svelte';
import { localStore } from '../storage';
import { camerasOf, type KioskCamera, rememberCamera } from './cameras';
import { type CommandAnswer, obey } from './commands';
import type { KioskConfig } from './config';
import { StoredIncidents } from './incidents.svelte';
import { Kiosk } from './kiosk.svelte';
import { KioskLog } from './log.svelte';
import { findLogin } from './logins';
import { Reloader } from './reloader';
import { Publisher } from './publisher.svelte';
import { LogStore } from './store';
import { AnalysisTurns } from './turns-of-analysis';

/** Everything for one camera. */
export interface KioskUnit {
	readonly camera: KioskCamera;
	readonly config: KioskConfig;
	readonly session: Session;
	readonly kiosk: Kiosk;
	readonly log: KioskLog;
	readonly incidents: StoredIncidents;
	readonly publisher: Publisher | null;
	/** Starts it; the returned function ends it. */
	readonly start: () => () => void;
}

/** Nothing runs until `start` is called on each. A single camera uses the page's session; several share its worker. */
export function createKiosks(app: App, configs: readonly [KioskConfig, ...KioskConfig[]]): readonly KioskUnit[] {
	const cameras = camerasOf(configs);
	if (configs.length === 1) return [createUnit(app, configs[0], cameras[0] ?? { id: '', topic: configs[0].mqttTopic })];
	const turns = new AnalysisTurns(app.analyser, app.listen);
	return cameras.flatMap((camera, index) => {
		const config = configs[index];
		if (config === undefined) return [];
		const session = new Session({
			createAnalyser: (onEvent) => turns.member(index + 1, onEvent),
			settings: app.settings,
			now: () => performance.now()
		});
		const unit = createUnit({ session, settings: app.settings, analyser: app.analyser }, config, camera);
		const start = () => {
			void session.load();
			const stop = unit.start();
			return () => {
				stop();
				session.dispose();
			};
		};
		return [{ ...unit, start }];
	});
}

function createUnit(
	app: Pick<App, 'session' | 'settings' | 'analyser'>,
	config: KioskConfig,
	camera: KioskCamera
): KioskUnit {
	const storage = localStore();
	if (config.log) rememberCamera(storage, camera.id);
	// Commands go to a kiosk that is created after the publisher.
	const obeyed: { kiosk: Kiosk | null } = { kiosk: null };
	const publisher = createPublisher(config, camera, storage, (text) =>
		obeyed.kiosk === null
			? { command: text, ok: false, reason: 'the kiosk is not ready' }
			: obey(text, config.mqttCommands, obeyed.kiosk)
	);
	const log = new KioskLog({
		store: config.log ? new LogStore(storage, camera.id) : null,
		keepDays: config.keepDays,
		onRecord: (record) => publisher?.add(record)
	});
	const incidents = new StoredIncidents(storage, camera.id);
	const { source } = config;
	const login = () => (source.kind === 'camera' ? null : findLogin(storage, source.url));
	const ice = () =>
		config.ice.map((urls): RTCIceServer => {
			const turnLogin = /^turns?:/i.test(urls) ? findLogin(storage, urls) : null;
			return turnLogin === null ? { urls } : { urls, username: turnLogin.user, credential: turnLogin.password };
		});
	const kiosk = new Kiosk({
		...{ app, config, login, ice, log, incidents, publisher },
		metrics: config.metrics
			? { url: new URL(`${resolve('/')}metrics/report`, location.href).href, kiosk: camera.id || camera.topic }
			: null,
		restartWorker: () => app.analyser.restart(),
		reloader: new Reloader()
	});
	obeyed.kiosk = kiosk;
	return { camera, config, session: app.session, kiosk, log, incidents, publisher, start: () => kiosk.start() };
}

function createPublisher(
	{ mqttUrl, mqttDiscovery, mqttCommands, log }: KioskConfig,
	{ topic }: KioskCamera,
	storage: Storage,
	onCommand: (text: string) => CommandAnswer
): Publisher | null {
	if (mqttUrl === null) return null;
	return new Publisher({
		settings: {
			...{ url: mqttUrl, topic, discovery: mqttDiscovery, commands: mqttCommands },
			setupUrl: new URL(`${resolve('/kiosk/setup')}${location.search}`, location.href).href,
			version: buildName()
		},
		onCommand,
		login: () => findLogin(storage, mqttUrl),
		storage: log ? storage : null,
		now: () => Date.now()
	});
}

/** Which build runs: its name, or else when it was made. */
function buildName(): string {
	return /^\d{12,}$/.test(version) ? new Date(Number(version)).toISOString().slice(0, 19) : version;
}
