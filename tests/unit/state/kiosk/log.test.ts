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

it.each([
	['some hours fast, past midnight', 5 * 3_600_000],
	['some hours slow', -5 * 3_600_000]
])('today has its minutes after the clock was %s, and set right', (_, offMs) => {
	const { log } = createLog([]);
	const evening = new Date(2026, 10, 24, 21, 0).getTime();
	for (let index = 0; index < 3; index++) log.incident('asleep', evening + index * MINUTE_MS);
	for (let index = 0; index < 3; index++) log.incident('source-lost', evening + offMs + index * MINUTE_MS);
	for (let index = 3; index < 6; index++) log.incident('asleep', evening + index * MINUTE_MS);
	log.tick(evening + 6 * MINUTE_MS);
	const asleep = log.today(evening + 6 * MINUTE_MS).filter(({ incidents }) => incidents.asleep !== undefined);
	expect(asleep.map(({ minute }) => (minute - evening) / MINUTE_MS)).toEqual([0, 1, 2, 3, 4, 5]);
	expect(log.today(evening + 6 * MINUTE_MS).filter(({ minute }) => minute > evening + 6 * MINUTE_MS)).toEqual([]);
	expect(log.today(new Date(2026, 10, 25, 0, 0).getTime() - 1)).toHaveLength(offMs < 0 ? 9 : 6);
	expect(log.today(new Date(2026, 10, 25, 0, 0).getTime())).toEqual([]);
});
