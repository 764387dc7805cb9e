import { expect, it } from 'vitest';
import { parseCounts } from '../../../../src/lib/state/kiosk/incidents';
import { findLogin, keepLogin, readLogins } from '../../../../src/lib/state/kiosk/logins';

it('counts that were kept are read, and rubbish is not', () => {
	expect(parseCounts({ asleep: 2, memory: -1, 'source-lost': 1.5, 'gpu-lost': '3', other: 4 })).toEqual({ asleep: 2 });
	for (const rubbish of [null, 'a', 3, []]) expect(parseCounts(rubbish)).toEqual({});
});

it('logins belong to an origin, and can be forgotten', () => {
	const kept = new Map<string, string>();
	const storage = {
		getItem: (key: string) => kept.get(key) ?? null,
		setItem: (key: string, value: string) => void kept.set(key, value)
	};
	const login = { user: 'me', password: 'secret' };
	keepLogin(storage, 'http://camera.lan:1984/a?b', login);
	expect(findLogin(storage, 'http://camera.lan:1984/other')).toEqual(login);
	expect(findLogin(storage, 'http://camera.lan/a')).toBeNull();
	keepLogin(storage, 'http://camera.lan:1984/', null);
	expect(readLogins(storage)).toEqual({});
	storage.setItem('mien.logins', '{"http://x":{"user":1},"http://y":null');
	expect(readLogins(storage)).toEqual({});
});
