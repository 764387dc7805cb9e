/** Readings of a film are stored while it is read, a few seconds behind at most, and restored unchanged. */
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Keeper, type KeptFilm } from '../../../../src/lib/state/film/keeper.svelte';
import { NO_EDITS } from '../../../../src/lib/state/film/people';
import { DEFAULT_OPTIONS } from '../../../../src/lib/state/film/record';
import { faceWith, filmOf, INFO, stretch } from './film-table';

function filmBeingRead(key: string): KeptFilm {
	const table = filmOf(stretch(5, 0.9));
	return {
		key,
		stamp: { name: 'film.mp4', bytes: 1000, lastModified: 1 },
		sha256: null,
		info: INFO,
		reading: {
			options: DEFAULT_OPTIONS,
			rules: { prior: 'everyday', minConfidence: 0.5, smoothingMs: 300, maxFaces: 20 },
			models: table.models.map((model) => ({ ...model, priorRatio: null, networks: [] })),
			detectors: [],
			engine: null,
			application: 'test',
			beganMs: 0
		},
		notes: { people: NO_EDITS, markers: [], excluded: [], epochMs: null },
		table,
		state: { kind: 'reading' }
	};
}

function readOn(film: KeptFilm, frames: number): void {
	for (let index = film.table.frameCount; frames > 0; index++, frames--) {
		film.table.add(index * 3, index / 10, [faceWith(1, 0.9)], 1);
	}
}

beforeEach(() => {
	vi.stubGlobal('document', new EventTarget());
	// The database works with setImmediate, which stays real.
	vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});

afterEach(() => {
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

/** Frames that a page opened after a crash finds: the count in the record, and the times in the chunks themselves. */
async function found(key: string): Promise<{ frames: number; times: number[] } | null> {
	const keeper = new Keeper();
	await keeper.load();
	const record = keeper.records.find((each) => each.key === key);
	if (record === undefined) return null;
	const chunks = await keeper.chunks(key);
	return { frames: record.frames, times: chunks.flatMap(({ timesS }) => [...timesS]) };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index / 10);

it('a film being read loses at most five seconds when the page crashes', async () => {
	const film = filmBeingRead('crash');
	const keeper = new Keeper();
	await keeper.begin(film);
	void keeper.keepWhile(film);
	for (const seconds of [5, 10, 15]) {
		readOn(film, 50);
		vi.advanceTimersByTime(5000);
		const { frameCount } = film.table;
		await vi.waitFor(async () => {
			expect(await found('crash'), `${seconds} s`).toEqual({ frames: frameCount, times: upTo(frameCount) });
		});
	}
});

it('a film being read also stores its last seconds when the page is hidden, as on closing its tab', async () => {
	const film = filmBeingRead('hidden');
	const keeper = new Keeper();
	await keeper.begin(film);
	void keeper.keepWhile(film);
	readOn(film, 7);
	document.dispatchEvent(new Event('visibilitychange'));
	await vi.waitFor(async () => {
		expect(await found('hidden')).toEqual({ frames: 12, times: upTo(12) });
	});
});

it('a film stores where it is damaged', async () => {
	const film = filmBeingRead('damaged');
	const keeper = new Keeper();
	film.table.lose(0.5, 0.9);
	await keeper.begin(film);
	const again = new Keeper();
	await again.load();
	expect(again.records.find(({ key }) => key === 'damaged')?.gaps).toEqual([{ fromS: 0.5, toS: 0.9 }]);
});

it('a film stores its rest at the end, and nothing after it', async () => {
	const film = filmBeingRead('end');
	const keeper = new Keeper();
	await keeper.begin(film);
	const end = keeper.keepWhile(film);
	readOn(film, 3);
	await end();
	expect(await found('end')).toEqual({ frames: 8, times: upTo(8) });
	readOn(film, 3);
	vi.advanceTimersByTime(60_000);
	document.dispatchEvent(new Event('visibilitychange'));
	await keeper.load();
	expect(await found('end')).toEqual({ frames: 8, times: upTo(8) });
});

it('a film drops its stored readings if it is read from the start, or erased', async () => {
	const film = filmBeingRead('again');
	const keeper = new Keeper();
	await keeper.begin(film);
	await keeper.begin({ ...film, table: filmOf(stretch(2, 0.5)) });
	expect(await found('again')).toEqual({ frames: 2, times: upTo(2) });
	await keeper.erase('again');
	expect(await found('again')).toBeNull();
});

it('a film says so if the browser refuses to store, and stores again once it no longer does', async () => {
	const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
	const open = vi.spyOn(indexedDB, 'open').mockImplementation(() => {
		throw new DOMException('blocked', 'SecurityError');
	});
	const film = filmBeingRead('refused');
	const keeper = new Keeper();
	await keeper.begin(film);
	expect(keeper.failed).toBe(true);
	expect(warn).toHaveBeenCalled();
	open.mockRestore();
	await keeper.begin(film);
	expect(keeper.failed).toBe(false);
	expect(await found('refused')).toEqual({ frames: 5, times: upTo(5) });
});

it("a film that is read again is not taken for another tab's while earlier readings are still being stored", async () => {
	const warn = vi.spyOn(console, 'warn').mockClear();
	const film = filmBeingRead('anew');
	const keeper = new Keeper();
	await keeper.begin(film);
	readOn(film, 4);
	const before = keeper.keep(film);
	Object.assign(film, { table: filmOf(stretch(2, 0.5)), reading: film.reading && { ...film.reading, beganMs: 9 } });
	await Promise.all([before, keeper.begin(film)]);
	expect(warn).not.toHaveBeenCalled();
	expect(await found('anew')).toEqual({ frames: 2, times: upTo(2) });
});

it('a film leaves what another tab stores of it alone, and says that it stores nothing itself', async () => {
	vi.spyOn(console, 'warn').mockImplementation(() => undefined);
	const [first, second] = [filmBeingRead('two tabs'), filmBeingRead('two tabs')];
	const keepers = [new Keeper(), new Keeper()] as const;
	await keepers[0].begin(first);
	readOn(first, 10);
	await keepers[0].keep(first);
	await keepers[1].begin({ ...second, reading: second.reading && { ...second.reading, beganMs: 1 } });
	// Without a look at what is stored, this would follow the other's five frames, with a gap in between.
	readOn(first, 10);
	await keepers[0].keep(first);
	expect(keepers.map(({ failed }) => failed)).toEqual([true, false]);
	expect(await found('two tabs')).toEqual({ frames: 5, times: upTo(5) });
});

it('a film also leaves it alone if both tabs resume it, or the other one erases it', async () => {
	vi.spyOn(console, 'warn').mockImplementation(() => undefined);
	const film = filmBeingRead('shared');
	const [begun, other] = [new Keeper(), new Keeper()];
	await begun.begin(film);
	await other.chunks('shared');
	readOn(film, 3);
	await begun.keep(film);
	readOn(film, 3);
	await other.keep(film);
	expect(other.failed).toBe(true);
	expect(await found('shared')).toEqual({ frames: 8, times: upTo(8) });
	await other.erase('shared');
	await begun.keep(film);
	expect(begun.failed).toBe(true);
	expect(await found('shared')).toBeNull();
});
