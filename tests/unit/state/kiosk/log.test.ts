/** Which minutes a kiosk's log keeps. The browser tests run it against a real database. */
import { expect, it } from 'vitest';
import { KioskLog } from '../../../../src/lib/state/kiosk/log.svelte';
import { emptyMinute, MINUTE_MS, type MinuteRecord } from '../../../../src/lib/state/kiosk/minutes';

const NOON = Date.UTC(2026, 10, 24, 12);
const DAY_MS = 86_400_000;

/** A log that keeps two days, and what its store holds. */
function createLog(held: MinuteRecord[]) {
	const log = new KioskLog({
		store: {
			add: (record) => Promise.resolve(void held.push(record)),
			leave: () => undefined,
			prune: (beforeMs) =>
				Promise.resolve(void held.splice(0, held.length, ...held.filter(({ minute }) => minute >= beforeMs))),
			read: (fromMs) => Promise.resolve(held.filter(({ minute }) => minute >= fromMs))
		},
		keepDays: 2,
		onRecord: () => undefined
	});
	return { log, minutes: () => held.map(({ minute }) => minute) };
}

it('the log deletes expired minutes with the first minute of each hour', async () => {
	const old = NOON - 2 * DAY_MS - MINUTE_MS;
	const { log, minutes } = createLog([emptyMinute(old), emptyMinute(NOON - 2 * DAY_MS)]);
	log.incident('asleep', NOON - MINUTE_MS);
	log.tick(NOON);
	await expect.poll(minutes).toEqual([old, NOON - 2 * DAY_MS, NOON - MINUTE_MS]);
	log.incident('asleep', NOON);
	log.tick(NOON + MINUTE_MS);
	await expect.poll(minutes).toEqual([NOON - 2 * DAY_MS, NOON - MINUTE_MS, NOON]);
});

it('the log reads the last hour without deleting anything, as in a page that waits for its turn', async () => {
	const old = NOON - 3 * DAY_MS;
	const { log, minutes } = createLog([emptyMinute(old), emptyMinute(NOON - MINUTE_MS)]);
	await log.restore(NOON);
	expect(log.recent.map(({ minute }) => minute)).toEqual([NOON - MINUTE_MS]);
	expect(minutes()).toEqual([old, NOON - MINUTE_MS]);
	await log.prune(NOON);
	expect(minutes()).toEqual([NOON - MINUTE_MS]);
});
