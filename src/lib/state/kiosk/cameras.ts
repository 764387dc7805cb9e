/** How the cameras of one browser are told apart: on the screen, in the log and at a broker. */
import type { KioskConfig } from './config';

const STORAGE_KEY = 'mien.kiosk.cameras';

export interface KioskCamera {
	/** Its log is kept under this; empty for a kiosk with a single unnamed camera. */
	readonly id: string;
	/** Prefix of its topics at the broker. */
	readonly topic: string;
}

/** One for each configuration. Unnamed cameras are named after their stream, and numbered if that is ambiguous. */
export function camerasOf(configs: readonly KioskConfig[]): readonly KioskCamera[] {
	const [first, ...others] = configs;
	if (first !== undefined && others.length === 0) return [{ id: first.name ?? '', topic: first.mqttTopic }];
	const names = configs.map((config, index) => config.name ?? (shortName(config) || `Camera ${index + 1}`));
	return configs.map(({ mqttTopic }, index) => {
		const name = names[index] ?? '';
		const isTaken = (part: string, most: number) => names.filter((each) => topicPart(each) === part).length > most;
		let id = name;
		if (isTaken(topicPart(name), 1)) {
			let number = index + 1;
			// Another camera may have this very name.
			while (isTaken(topicPart(`${name} ${number}`), 0)) number += configs.length;
			id = `${name} ${number}`;
		}
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

/** A source's kind and path, without anything in its address that may be secret. */
export function sourceName(source: KioskConfig['source']): string {
	return source.kind === 'camera' ? 'camera' : `${source.kind}:${new URL(source.url).pathname}`;
}

/** Named cameras that this browser has counted for; damaged data counts as none. */
export function readCameras(storage: Pick<Storage, 'getItem'>): readonly string[] {
	try {
		const kept: unknown = JSON.parse(storage.getItem(STORAGE_KEY) ?? '[]');
		return Array.isArray(kept) ? kept.filter((each): each is string => typeof each === 'string' && each !== '') : [];
	} catch {
		return [];
	}
}

/** Remembers that this browser counts for this camera. */
export function rememberCamera(storage: Pick<Storage, 'getItem' | 'setItem'>, id: string): void {
	const known = readCameras(storage);
	if (id === '' || known.includes(id)) return;
	try {
		storage.setItem(STORAGE_KEY, JSON.stringify([...known, id].sort()));
	} catch (error) {
		console.warn('The log of this camera will not be listed.', error);
	}
}
