import { expect, it } from 'vitest';
import { StoredIncidents } from '../../../../src/lib/state/kiosk/incidents.svelte';
import { keepCounts, parseCounts, readCounts } from '../../../../src/lib/state/kiosk/incidents';
import { findLogin, keepLogin, readLogins } from '../../../../src/lib/state/kiosk/logins';

it('stored counts are read, and rubbish is ignored', () => {
	expect(parseCounts({ asleep: 2, memory: -1, 'source-lost': 1.5, 'gpu-lost': '3', other: 4 })).toEqual({ asleep: 2 });
	for (const rubbish of [null, 'a', 3, []]) expect(parseCounts(rubbish)).toEqual({});
});

it('counts survive a reload, and a browser that stores nothing says so', () => {
	const kept = new Map<string, string>();
	const setItem = (key: string, value: string) => void kept.set(key, value);
	const getItem = (key: string) => kept.get(key) ?? null;
	expect(readCounts({ getItem })).toEqual({});
	expect(keepCounts({ setItem }, { asleep: 2 })).toBe(true);
	expect(readCounts({ getItem })).toEqual({ asleep: 2 });
	expect(readCounts({ getItem: () => '{"asleep"' })).toEqual({});
	const full = () => {
		throw new Error('full');
	};
	expect(keepCounts({ setItem: full }, { asleep: 3 })).toBe(false);
});

it('two pages of one browser count together, and one that waited goes on where the other ended', () => {
	const kept = new Map<string, string>();
	const storage = {
		getItem: (key: string) => kept.get(key) ?? null,
		setItem: (key: string, value: string) => void kept.set(key, value)
	} as unknown as Storage;
	const [one, other, log] = [new StoredIncidents(storage), new StoredIncidents(storage), new StoredIncidents(storage)];
	one.add('asleep');
	one.add('asleep');
	other.add('asleep');
	other.add('memory');
	one.add('gpu-lost');
	log.read();
	expect(log.counts).toEqual({ asleep: 3, memory: 1, 'gpu-lost': 1 });
	log.clear();
	expect(readCounts(storage)).toEqual({});
});

it('incidents are counted although the browser stores nothing', () => {
	const full = () => {
		throw new Error('full');
	};
	const incidents = new StoredIncidents({ getItem: () => null, setItem: full } as unknown as Storage);
	incidents.add('asleep');
	incidents.add('asleep');
	expect(incidents.counts).toEqual({ asleep: 2 });
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
	keepLogin(storage, 'http://camera.lan/', { user: 'you', password: '' });
	keepLogin(storage, 'http://camera.lan:1984/', { user: 'me', password: 'changed' });
	expect(findLogin(storage, 'http://camera.lan:1984/')?.password).toBe('changed');
	keepLogin(storage, 'http://camera.lan:1984/', null);
	expect(readLogins(storage)).toEqual({ 'http://camera.lan': { user: 'you', password: '' } });
});

it('damaged logins are ignored, and no others', () => {
	const good = { user: 'me', password: 'secret' };
	const damaged = [null, 'me', {}, { user: 'me' }, { user: 1, password: 'secret' }, { user: 'me', password: 2 }];
	const all = Object.fromEntries([...damaged, good].map((login, index) => [`http://${index}`, login]));
	expect(readLogins({ getItem: () => JSON.stringify(all), setItem: () => undefined })).toEqual({ 'http://6': good });
	for (const rubbish of ['{"http://x":', 'null', '3'])
		expect(readLogins({ getItem: () => rubbish, setItem: () => undefined })).toEqual({});
});
