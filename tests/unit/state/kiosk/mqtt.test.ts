import { describe, expect, it } from 'vitest';
import { describeBroker } from '../../../../src/lib/state/kiosk/describe';
import { emptyMinute, type MinuteRecord } from '../../../../src/lib/state/kiosk/minutes';
import { discoveryMessages, minuteMessage, statusMessage } from '../../../../src/lib/state/kiosk/mqtt';
import { eraseUnsent, keepUnsent, readUnsent } from '../../../../src/lib/state/kiosk/unsent';

const SETTINGS = { url: 'ws://broker/', topic: 'museum/door', discovery: 'homeassistant' };
const NOON = Date.UTC(2026, 10, 24, 12);
const RECORD: MinuteRecord = {
	...emptyMinute(NOON),
	frames: 600,
	faces: 2,
	arrivals: 1,
	tooSmall: 1,
	seenMs: 20_000,
	unsureMs: 4000,
	expressions: { happy: { faces: 1, dwellMs: 16_000, probabilityMs: 15_000 } },
	incidents: { 'source-lost': 1 }
};

describe('messages', () => {
	it('a minute has the figures of the log and nothing else, with every label', () => {
		const { topic, payload } = minuteMessage(SETTINGS, RECORD, ['angry', 'happy']);
		expect(topic).toBe('museum/door/minute');
		expect(JSON.parse(payload)).toEqual({
			minute: '2026-11-24T12:00:00.000Z',
			frames: 600,
			faces: 2,
			arrivals: 1,
			tooSmall: 1,
			seenSeconds: 20,
			unsureSeconds: 4,
			expressions: {
				angry: { faces: 0, dwellSeconds: 0, meanProbability: 0 },
				happy: { faces: 1, dwellSeconds: 16, meanProbability: 0.75 }
			},
			incidents: { 'source-lost': 1 }
		});
	});

	it('a minute without anybody has no means', () => {
		const { payload } = minuteMessage(SETTINGS, emptyMinute(NOON), ['happy']);
		expect(JSON.parse(payload)).toMatchObject({ faces: 0, expressions: { happy: { meanProbability: null } } });
	});

	it('the status has a topic of its own', () => {
		expect(statusMessage(SETTINGS, 'offline')).toEqual({ topic: 'museum/door/status', payload: 'offline' });
	});

	it('discovery names each figure once, of one device', () => {
		const messages = discoveryMessages(SETTINGS, ['happy', 'odd "label"']);
		const configs = messages.map(({ payload }) => JSON.parse(payload) as Record<string, unknown>);
		expect(messages.map(({ topic }) => topic.replace('homeassistant/sensor/museum_door/', ''))).toEqual([
			...['faces', 'arrivals', 'seen', 'unsure', 'incidents'].map((id) => `${id}/config`),
			...['happy', 'odd__label_'].flatMap((id) => [`${id}_dwell/config`, `${id}_probability/config`])
		]);
		expect(new Set(configs.map((config) => config['unique_id'])).size).toBe(9);
		expect(new Set(configs.map((config) => JSON.stringify(config['device'])))).toEqual(
			new Set(['{"identifiers":["museum_door"],"name":"Mien museum/door","manufacturer":"Mien","model":"Kiosk"}'])
		);
		expect(configs[0]).toMatchObject({
			state_topic: 'museum/door/minute',
			value_template: '{{ value_json.faces }}',
			availability_topic: 'museum/door/status',
			payload_available: 'online',
			payload_not_available: 'offline'
		});
		expect(configs[7]).toMatchObject({
			value_template: String.raw`{{ value_json.expressions["odd \"label\""].dwellSeconds }}`,
			unit_of_measurement: 's',
			device_class: 'duration'
		});
		expect(configs[6]).toMatchObject({ name: 'Happy: mean probability', unit_of_measurement: '%' });
		// Home Assistant refuses a duration in per cent, and a unit of nothing.
		expect(configs[6]).not.toHaveProperty('device_class');
		expect(configs[0]).not.toHaveProperty('unit_of_measurement');
	});

	it('discovery that is off says nothing', () => {
		expect(discoveryMessages({ ...SETTINGS, discovery: null }, ['happy'])).toEqual([]);
	});
});

describe('minutes that wait', () => {
	/** As localStorage: the keys are its own. */
	const storage = (): Storage => {
		const kept: Record<string, string> = {};
		const hidden = (value: unknown) => ({ value, enumerable: false });
		return Object.defineProperties(kept, {
			getItem: hidden((key: string) => kept[key] ?? null),
			setItem: hidden((key: string, value: string) => (kept[key] = value)),
			key: hidden((index: number) => Object.keys(kept)[index] ?? null),
			length: { get: () => Object.keys(kept).length, enumerable: false },
			removeItem: hidden((key: string) => Reflect.deleteProperty(kept, key))
		}) as unknown as Storage;
	};

	it('are kept for each topic, and can be erased', () => {
		const kept = storage();
		keepUnsent(kept, 'a', [RECORD, emptyMinute(NOON)]);
		keepUnsent(kept, 'b', [RECORD, RECORD]);
		kept.setItem('mien.logins', '{}');
		expect(readUnsent(kept, 'a')).toEqual([RECORD, emptyMinute(NOON)]);
		keepUnsent(kept, 'a', []);
		expect(readUnsent(kept, 'a')).toEqual([]);
		expect(Object.keys(kept)).toHaveLength(2);
		expect(readUnsent(kept, 'b')).toHaveLength(2);
		eraseUnsent(kept);
		expect(Object.keys(kept)).toEqual(['mien.logins']);
	});

	it.each([
		['nothing', null],
		['no minute', 3],
		['no figures', { minute: 1 }],
		['no count', { ...RECORD, frames: 'many' }],
		['a negative count', { ...RECORD, faces: -1 }],
		['no expressions', { ...RECORD, expressions: null }],
		['an expression without figures', { ...RECORD, expressions: { ...RECORD.expressions, sad: null } }],
		['an expression that is none', { ...RECORD, expressions: { ...RECORD.expressions, sad: { faces: 1 } } }],
		['no incidents', { ...RECORD, incidents: null }],
		['no count of incidents', { ...RECORD, incidents: { asleep: 1, memory: 'once' } }]
	])('that are damaged are left out, and no other: %s', (_, damaged) => {
		expect(readUnsent({ getItem: () => JSON.stringify([damaged, RECORD]) }, 'a')).toEqual([RECORD]);
	});

	it.each(['{', '{"minute":1}', 'null'])('are none where %s is kept', (text) => {
		expect(readUnsent({ getItem: () => text }, 'a')).toEqual([]);
	});
});

it('the screen tells of a broker that is away, and of nothing else', () => {
	expect(describeBroker({ link: 'connected', unsent: 1 })).toBeNull();
	expect(describeBroker({ link: 'connecting', unsent: 0 })).toBeNull();
	expect(describeBroker({ link: 'away', unsent: 3 })).toBe('Broker away, 3 min to send');
	expect(describeBroker({ link: 'refused', unsent: 0 })).toBe('Broker refuses the login');
});
