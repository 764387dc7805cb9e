/** What was erased in one tab does not come back from a kiosk in another. */
import { expect, it } from 'vitest';
import { announceErasure, onErasure } from '../../../../src/lib/state/kiosk/erasure';
import { KioskLog } from '../../../../src/lib/state/kiosk/log.svelte';
import { MINUTE_MS, type MinuteRecord } from '../../../../src/lib/state/kiosk/minutes';

const NOON = Date.UTC(2026, 10, 24, 12);

it('an erasure reaches every kiosk of this browser until it stops listening', async () => {
	const stop = new AbortController();
	let heard = 0;
	onErasure(() => heard++, stop.signal);
	announceErasure();
	await expect.poll(() => heard).toBe(1);
	stop.abort();
	announceErasure();
	await new Promise((resolve) => setTimeout(resolve, 50));
	expect(heard).toBe(1);
});

it('after an erasure, the log holds nothing from before, neither unstored minutes nor the current one', async () => {
	const stored: MinuteRecord[] = [];
	let isFull = true;
	const log = new KioskLog({
		store: {
			add: (record) => (isFull ? Promise.reject(new Error('full')) : Promise.resolve(void stored.push(record))),
			leave: () => undefined,
			prune: () => Promise.resolve(),
			read: () => Promise.resolve([])
		},
		keepDays: 30,
		onRecord: () => undefined
	});
	log.incident('source-lost', NOON);
	log.tick(NOON + MINUTE_MS);
	await new Promise(setImmediate);
	log.incident('source-frozen', NOON + MINUTE_MS);
	expect(log.recent).toHaveLength(1);
	log.forget();
	expect(log.recent).toEqual([]);
	isFull = false;
	log.incident('asleep', NOON + MINUTE_MS);
	log.tick(NOON + 2 * MINUTE_MS);
	await expect.poll(() => stored.map(({ incidents }) => incidents)).toEqual([{ asleep: 1 }]);
});
