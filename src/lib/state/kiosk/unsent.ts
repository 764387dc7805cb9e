/** Minutes that wait for a broker, or for the log, kept in this browser so that they survive a reload. */
import type { MinuteRecord } from './minutes';

const PREFIX = 'mien.kiosk.unsent ';

/** What is kept for this topic, oldest first; damaged data counts as none. */
export function readUnsent(storage: Pick<Storage, 'getItem'>, topic: string): MinuteRecord[] {
	try {
		const kept: unknown = JSON.parse(storage.getItem(PREFIX + topic) ?? '[]');
		return Array.isArray(kept) ? kept.filter(isMinute) : [];
	} catch {
		return [];
	}
}

/** Keeps these for the topic, replacing what is kept; with no records, keeps nothing. */
export function keepUnsent(
	storage: Pick<Storage, 'setItem' | 'removeItem'>,
	topic: string,
	records: readonly MinuteRecord[]
): void {
	try {
		if (records.length === 0) storage.removeItem(PREFIX + topic);
		else storage.setItem(PREFIX + topic, JSON.stringify(records));
	} catch (error) {
		// A full disk: they wait in memory only.
		console.warn('Waiting minutes could not be kept.', error);
	}
}

/** Forgets what is kept for any topic. */
export function eraseUnsent(storage: Storage): void {
	const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
	for (const key of keys) if (key.startsWith(PREFIX)) storage.removeItem(key);
}

const COUNTS = ['minute', 'frames', 'faces', 'arrivals', 'tooSmall', 'seenMs', 'unsureMs'] as const;

/** Whether a record is whole: another program, or a broken disk, may have left anything here. */
export function isMinute(value: unknown): value is MinuteRecord {
	if (!isObject(value) || !COUNTS.every((name) => isAmount(value[name]))) return false;
	const { expressions, incidents } = value;
	if (!isObject(expressions) || !isObject(incidents)) return false;
	return (
		Object.values(incidents).every(isAmount) &&
		Object.values(expressions).every(
			(each) => isObject(each) && [each['faces'], each['dwellMs'], each['probabilityMs']].every(isAmount)
		)
	);
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}

function isAmount(value: unknown): value is number {
	return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
