/** Puts a kiosk together from what this browser holds. */
import type { App } from '../app';
import { localStore } from '../storage';
import type { KioskConfig } from './config';
import { StoredIncidents } from './incidents.svelte';
import { Kiosk } from './kiosk.svelte';
import { KioskLog } from './log.svelte';
import { findLogin } from './logins';
import { Reloader } from './reloader';
import { Publisher } from './publisher.svelte';
import { LogStore } from './store';

/** Nothing runs yet: `kiosk.start` does that. */
export function createKiosk(
	app: App,
	config: KioskConfig
): { kiosk: Kiosk; log: KioskLog; incidents: StoredIncidents; publisher: Publisher | null } {
	const storage = localStore();
	const publisher = createPublisher(config, storage);
	const log = new KioskLog({
		store: config.log ? new LogStore(storage) : null,
		keepDays: config.keepDays,
		onRecord: (record) => publisher?.add(record)
	});
	const incidents = new StoredIncidents(storage);
	const { source } = config;
	const login = source.kind === 'camera' ? null : findLogin(storage, source.url);
	const kiosk = new Kiosk({ app, config, login, log, incidents, publisher, reloader: new Reloader() });
	return { kiosk, log, incidents, publisher };
}

function createPublisher({ mqttUrl, mqttTopic, mqttDiscovery, log }: KioskConfig, storage: Storage): Publisher | null {
	if (mqttUrl === null) return null;
	return new Publisher({
		settings: { url: mqttUrl, topic: mqttTopic, discovery: mqttDiscovery },
		login: findLogin(storage, mqttUrl),
		storage: log ? storage : null,
		now: () => Date.now()
	});
}
