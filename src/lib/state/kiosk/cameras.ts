/** How the cameras of one browser are told apart: on the screen, in the log and at a broker. */
import type { KioskConfig } from './config';

const STORAGE_KEY = 'mien.kiosk.cameras';

export interface KioskCamera {
	/** Its log is kept under it; empty for a kiosk of one camera without a name. */
	readonly id: string;
	/** What the broker's topics for it begin with. */
	readonly topic: string;
}

/** One for each configuration. Cameras without a name are called by their stream, and numbered where that is not enough. */
export function camerasOf(configs: readonly KioskConfig[]): readonly KioskCamera[] {
	const [first, ...others] = configs;
	if (first !== undefined && others.length === 0) return [{ id: first.name ?? '', topic: first.mqttTopic }];
	const names = configs.map((config, index) => config.name ?? (shortName(config) || `Camera ${index + 1}`));
	return configs.map(({ mqttTopic }, index) => {
		const name = names[index] ?? '';
		const isTaken = names.filter((each) => topicPart(each) === topicPart(name)).length > 1;
		const id = isTaken ? `${name} ${index + 1}` : name;
		return { id, topic: `${mqttTopic}/${topicPart(id)}` };
	});
}

function topicPart(name: string): string {
	return name.replaceAll(/[^\w-]+/g, '_') || '_';
}

function shortName({ source }: KioskConfig): string {
	if (source.kind === 'camera') return source.name;
	const { searchParams, pathname } = new URL(source.url);
	const parts = pathname
		.split('/')
		.filter((part) => part !== '' && !/^(whep|index\.m3u8|api|mjpeg|snapshot)$/.test(part));
	return (searchParams.get('src') ?? parts.at(-1) ?? '').slice(0, 40);
}

/** What a source is, without what may be secret in its address: its kind and path. */
export function sourceName(source: KioskConfig['source']): string {
	return source.kind === 'camera' ? 'camera' : `${source.kind}:${new URL(source.url).pathname}`;
}

/** Cameras with a name that this browser has counted for; what is damaged counts as not there. */
export function readCameras(storage: Pick<Storage, 'getItem'>): readonly string[] {
	try {
		const kept: unknown = JSON.parse(storage.getItem(STORAGE_KEY) ?? '[]');
		return Array.isArray(kept) ? kept.filter((each): each is string => typeof each === 'string' && each !== '') : [];
	} catch {
		return [];
	}
}

/** Remembers that this camera is counted for. */
export function rememberCamera(storage: Pick<Storage, 'getItem' | 'setItem'>, id: string): void {
	const known = readCameras(storage);
	if (id === '' || known.includes(id)) return;
	try {
		storage.setItem(STORAGE_KEY, JSON.stringify([...known, id].sort()));
	} catch (error) {
		console.warn('The log of this camera will not be listed.', error);
	}
}
