import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { COMMANDS, type KioskControls, obey } from '../../../../src/lib/state/kiosk/commands';
import { describeBroker } from '../../../../src/lib/state/kiosk/describe';
import { emptyMinute, type MinuteRecord } from '../../../../src/lib/state/kiosk/minutes';
import {
	discoveryMessage,
	isLater,
	minuteMessage,
	readPresence,
	statusMessage
} from '../../../../src/lib/state/kiosk/mqtt';
import { eraseUnsent, keepUnsent, readUnsent } from '../../../../src/lib/state/kiosk/unsent';

const SETTINGS = {
	url: 'ws://broker/',
	topic: 'museum/door',
	discovery: 'homeassistant',
	commands: false,
	setupUrl: 'https://kiosk.example/kiosk/setup?source=camera',
	version: '0.2.0'
};
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
import { DEVICE_DISCOVERY } from './home-assistant';

describe('MQTT messages', () => {
	it('for a minute hold the figures of the log and nothing else, with every label', () => {
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

	it('for a minute without anybody have no means', () => {
		const { payload } = minuteMessage(SETTINGS, emptyMinute(NOON), ['happy']);
		expect(JSON.parse(payload)).toMatchObject({ faces: 0, expressions: { happy: { meanProbability: null } } });
	});

	it('for the status have their own topic', () => {
		expect(statusMessage(SETTINGS, 'offline')).toEqual({ topic: 'museum/door/status', payload: 'offline' });
	});

	const deviceOf = (settings = SETTINGS, labels = ['happy', 'odd "label"']) => {
		const message = discoveryMessage(settings, labels);
		if (message === null) throw new Error('nothing is announced');
		const payload = JSON.parse(message.payload) as {
			device: Record<string, unknown>;
			origin: Record<string, unknown>;
			components: Record<string, Record<string, unknown>>;
		} & Record<string, unknown>;
		return { topic: message.topic, ...payload };
	};

	it('for discovery are one per device, with all that Home Assistant’s schema requires', () => {
		const { topic, device, origin, components: all, ...shared } = deviceOf();
		const components = Object.fromEntries(Object.entries(all).filter(([, { platform }]) => platform !== 'button'));
		expect(topic).toBe('homeassistant/device/museum_door/config');
		expect(device).toEqual({
			identifiers: ['museum_door'],
			name: 'Mien museum/door',
			manufacturer: 'Mien',
			model: 'Kiosk',
			sw_version: '0.2.0',
			configuration_url: 'https://kiosk.example/kiosk/setup?source=camera'
		});
		expect(origin).toEqual({ name: 'Mien', sw_version: '0.2.0' });
		// The schema allows no other keys at the root.
		expect(Object.keys(shared).sort()).toEqual([
			...['availability_topic', 'payload_available', 'payload_not_available', 'qos']
		]);
		const ids = Object.values(components).map((component) => component['unique_id']);
		expect(new Set(ids).size).toBe(ids.length);
		for (const [id, component] of Object.entries(components)) {
			expect(['sensor', 'binary_sensor']).toContain(component['platform']);
			expect(component['unique_id']).toBe(`museum_door_${id}`);
			expect(component['expire_after']).toBeLessThanOrEqual(180);
			// Home Assistant refuses an empty unit, and a duration in percent.
			if ('device_class' in component && component['device_class'] === 'duration')
				expect(component['unit_of_measurement']).toBe('s');
		}
		expect(Object.keys(components)).toEqual([
			...['occupancy', 'faces', 'arrivals', 'seen', 'unsure'],
			...['happy_dwell', 'happy_probability', 'odd__label__dwell', 'odd__label__probability'],
			...['fps', 'source', 'transport', 'version', 'memoryMb', 'incidents'].map((id) => `diagnostic_${id}`)
		]);
		expect(components['odd__label__dwell']).toMatchObject({
			value_template: String.raw`{{ value_json.expressions["odd \"label\""].dwellSeconds }}`
		});
		expect(components['diagnostic_fps']).toMatchObject({ entity_category: 'diagnostic' });
	});

	it.each([
		['a plain kiosk', SETTINGS, ['happy', 'sad']],
		['a kiosk that obeys commands', { ...SETTINGS, commands: true }, ['happy']],
		['labels with quotes and spaces', SETTINGS, ['odd "label"', 'not sure']],
		['no labels yet', SETTINGS, []]
	])('for discovery fit Home Assistant’s schema: %s', (_, settings, labels) => {
		const payload: unknown = JSON.parse(discoveryMessage(settings, labels)?.payload ?? '');
		const { success, issues } = v.safeParse(DEVICE_DISCOVERY, payload);
		expect((issues ?? []).map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`)).toEqual([]);
		expect(success).toBe(true);
	});

	it('for discovery are rejected by this schema if Home Assistant would reject them', () => {
		const payload = JSON.parse(discoveryMessage(SETTINGS, ['happy'])?.payload ?? '') as Record<string, object>;
		const { components = {} } = payload as { components?: Record<string, object> };
		const withComponent = (id: string, more: object) => ({
			...payload,
			components: { ...components, [id]: { ...components[id], ...more } }
		});
		for (const wrong of [
			{ ...payload, device: { name: 'without identifier' } },
			{ ...payload, origin: {} },
			{ ...payload, state: 'x' },
			withComponent('occupancy', { state_topic: undefined }),
			withComponent('faces', { icon: 'face' }),
			withComponent('faces', { entity_category: 'config' }),
			withComponent('seen', { unit_of_measurement: '%' }),
			withComponent('seen', { value_template: '{{ value_json.x }' }),
			withComponent('seen', { expire_after: 'soon' })
		])
			expect(v.safeParse(DEVICE_DISCOVERY, JSON.parse(JSON.stringify(wrong))).success).toBe(false);
	});

	it('for discovery offer commands only if they are obeyed', () => {
		const buttons = (commands: boolean) =>
			Object.values(deviceOf({ ...SETTINGS, commands }).components).filter(({ platform }) => platform === 'button');
		// Removes those of a time when they were.
		expect(buttons(false)).toEqual(COMMANDS.map(() => ({ platform: 'button' })));
		expect(buttons(true).map((button) => button['payload_press'])).toEqual(COMMANDS.map(({ name }) => name));
		expect(Object.keys(deviceOf({ ...SETTINGS, commands: true }).components).sort()).toEqual(
			Object.keys(deviceOf().components).sort()
		);
		for (const button of buttons(true)) expect(button['command_topic']).toBe('museum/door/command');
	});

	it('for discovery are not sent if discovery is off', () => {
		expect(discoveryMessage({ ...SETTINGS, discovery: null }, ['happy'])).toBeNull();
	});

	it('of two kiosks with one topic show exactly one as the later', () => {
		const [a, b, c] = [
			{ kiosk: 'a', sinceMs: 1 },
			{ kiosk: 'b', sinceMs: 1 },
			{ kiosk: 'c', sinceMs: 2 }
		];
		for (const [one, other] of [
			[a, b],
			[b, c],
			[a, c]
		] as const)
			expect(isLater(one, other)).toBe(!isLater(other, one));
		for (const payload of ['', '{', 'null', '3', '{"kiosk":1,"sinceMs":1}']) expect(readPresence(payload)).toBeNull();
	});
});

describe('commands over MQTT', () => {
	const controls = () => {
		const done: string[] = [];
		const note = (what: string) => () => void done.push(what);
		const kiosk: KioskControls = {
			reload: note('reload'),
			restartWorker: note('restart'),
			show: (what) => void done.push(what),
			nextSource: note('next'),
			pause: note('pause'),
			resume: note('resume')
		};
		return { kiosk, done };
	};

	it('do one thing each', () => {
		const { kiosk, done } = controls();
		for (const { name } of COMMANDS) expect(obey(name, true, kiosk)).toEqual({ command: name, ok: true, reason: null });
		expect(done).toEqual(['reload', 'restart', 'video', 'blurred', 'figures', 'next', 'pause', 'resume']);
	});

	it('are refused with the reason if they are off or unknown', () => {
		const { kiosk, done } = controls();
		expect(obey('reload', false, kiosk)).toMatchObject({ ok: false, reason: /mqtt-commands=yes/ });
		expect(obey('format c:'.repeat(50), true, kiosk)).toMatchObject({
			ok: false,
			reason: /^not known; known are reload,/
		});
		expect(done).toEqual([]);
	});
});

describe('unsent minutes', () => {
	/** Like localStorage, with its keys as own properties. */
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

	it('are stored for each topic, and can be erased', () => {
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
		['an incomplete expression', { ...RECORD, expressions: { ...RECORD.expressions, sad: { faces: 1 } } }],
		['no incidents', { ...RECORD, incidents: null }],
		['no count of incidents', { ...RECORD, incidents: { asleep: 1, memory: 'once' } }]
	])('that are damaged are dropped, and no others: %s', (_, damaged) => {
		expect(readUnsent({ getItem: () => JSON.stringify([damaged, RECORD]) }, 'a')).toEqual([RECORD]);
	});

	it.each(['{', '{"minute":1}', 'null'])('are empty if %s is stored', (text) => {
		expect(readUnsent({ getItem: () => text }, 'a')).toEqual([]);
	});
});

it('the screen mentions a broker that is offline, and nothing else', () => {
	expect(describeBroker({ link: 'connected', limits: [], conflict: 'none', unsent: 1 })).toBeNull();
	expect(describeBroker({ link: 'connecting', limits: [], conflict: 'none', unsent: 0 })).toBeNull();
	expect(describeBroker({ link: 'away', limits: [], conflict: 'none', unsent: 3 })).toBe('Broker away, 3 min to send');
	expect(describeBroker({ link: 'refused', limits: [], conflict: 'none', unsent: 0 })).toBe('Broker refuses the login');
});
