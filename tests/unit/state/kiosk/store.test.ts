/** The store of the log: what pages leave behind counts once, whenever they close. */
import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { expect, it, vi } from 'vitest';
import { rememberCamera } from '../../../../src/lib/state/kiosk/cameras';
import { emptyMinute, type MinuteRecord } from '../../../../src/lib/state/kiosk/minutes';
import { LogStore, pruneAll } from '../../../../src/lib/state/kiosk/store';

const NOON = Date.UTC(2026, 10, 24, 12);

function memory(): Storage {
	const kept = new Map<string, string>();
	return {
		getItem: (key: string) => kept.get(key) ?? null,
		setItem: (key: string, value: string) => void kept.set(key, value),
		removeItem: (key: string) => void kept.delete(key),
		key: (index: number) => [...kept.keys()][index] ?? null,
		clear: () => kept.clear(),
		get length() {
			return kept.size;
		}
	};
}

const minute = (frames: number, at = NOON): MinuteRecord => ({ ...emptyMinute(at), frames });

/** Frames by minute, as another page reads them. */
async function stored(storage: Storage, camera: string): Promise<number[]> {
	const store = new LogStore(storage, camera);
	const frames = (await store.read(0)).map((record) => record.frames);
	store.close();
	return frames;
}

it('the store counts a record once if the page closed while it was being written', async () => {
	const storage = memory();
	const page = new LogStore(storage, 'written');
	const record = minute(11);
	const written = page.add(record);
	page.leave([record]);
	await written;
	expect(await stored(storage, 'written')).toEqual([11]);
	expect(await stored(storage, 'written')).toEqual([11]);
});

it('the store adds up what several pages counted for a minute, even if the figures are equal', async () => {
	const storage = memory();
	for (let page = 0; page < 3; page++) new LogStore(storage, 'several').leave([minute(2)]);
	const last = new LogStore(storage, 'several');
	await last.add(minute(2));
	last.close();
	expect(await stored(storage, 'several')).toEqual([8]);
});

it('the store loses nothing if a page closes while it takes in what another left', async () => {
	const storage = memory();
	new LogStore(storage, 'taken').leave([minute(3), minute(4, NOON + 60_000)]);
	const kept = JSON.stringify(storage.getItem(storage.key(0) ?? ''));
	// Both pages begin, and the first never hears of the end.
	void new LogStore(storage, 'taken').read(0);
	expect(JSON.stringify(storage.getItem(storage.key(0) ?? ''))).toBe(kept);
	expect(await stored(storage, 'taken')).toEqual([3, 4]);
	expect(await stored(storage, 'taken')).toEqual([3, 4]);
	expect(storage.length).toBe(0);
});

it('the store takes in what an older build left without a name', async () => {
	const storage = memory();
	new LogStore(storage, 'older').leave([minute(5)]);
	const key = storage.key(0) ?? '';
	const records = JSON.parse(storage.getItem(key) ?? '[]') as { part?: string }[];
	for (const record of records) delete record.part;
	storage.setItem(key, JSON.stringify(records));
	expect(await stored(storage, 'older')).toEqual([5]);
	expect(storage.length).toBe(0);
});

it.each([
	['of a newer build', 'newer', 7, 'minutes'],
	['that another program began and left empty', 'empty', 1, null]
])('the store writes and reads a database %s', async (_, camera, version, store) => {
	const database = await openDB(`mien-kiosk ${camera}`, version, {
		upgrade: (fresh) => {
			if (store !== null) fresh.createObjectStore(store, { keyPath: 'minute' });
		}
	});
	database.close();
	const storage = memory();
	const page = new LogStore(storage, camera);
	await page.add(minute(5));
	page.close();
	expect(await stored(storage, camera)).toEqual([5]);
});

it('the store reads intact records beside damaged ones, and counts on in their minutes', async () => {
	const storage = memory();
	const page = new LogStore(storage, 'damaged');
	await page.add(minute(1));
	page.close();
	const database = await openDB('mien-kiosk damaged');
	await database.put('minutes', { minute: NOON + 60_000, frames: 'many' });
	await database.put('minutes', { ...minute(9, NOON + 120_000), expressions: { happy: null } });
	database.close();
	expect(await stored(storage, 'damaged')).toEqual([1]);
	await page.add(minute(3, NOON + 60_000));
	page.close();
	expect(await stored(storage, 'damaged')).toEqual([1, 3]);
});

it('the store reads a long log whole and in order, although no answer of the database is long', async () => {
	const store = new LogStore(memory(), 'long');
	await store.add(minute(0));
	const database = await openDB('mien-kiosk long');
	const transaction = database.transaction('minutes', 'readwrite');
	const count = 12_000;
	for (let index = 1; index < count; index++) void transaction.store.put(minute(index, NOON + index * 60_000));
	await transaction.done;
	database.close();
	const getAll = vi.spyOn(IDBObjectStore.prototype, 'getAll');
	const frames = (await store.read(NOON + 5 * 60_000)).map((record) => record.frames);
	expect(frames).toEqual(Array.from({ length: count - 5 }, (_, index) => index + 5));
	for (const [, most] of getAll.mock.calls) expect(most).toBeLessThanOrEqual(10_000);
	getAll.mockRestore();
	store.close();
});

it('what no kiosk keeps any more is deleted from the log of every camera, used or not', async () => {
	const storage = memory();
	const days = (count: number): number => NOON - count * 86_400_000;
	for (const camera of ['pruned', 'pruned too']) {
		rememberCamera(storage, camera);
		const store = new LogStore(storage, camera);
		for (const age of [100, 61, 59, 1]) await store.add(minute(age, days(age)));
		store.close();
	}
	await pruneAll(storage, NOON);
	expect(await stored(storage, 'pruned')).toEqual([59, 1]);
	expect(await stored(storage, 'pruned too')).toEqual([59, 1]);
});
