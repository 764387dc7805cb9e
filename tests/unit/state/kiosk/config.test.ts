import { describe, expect, it } from 'vitest';
import { DEFAULTS, parseKioskConfig, type ParsedConfig } from '../../../../src/lib/state/kiosk/config';
import { formGroups, formQuery } from '../../../../src/lib/state/kiosk/form';
import { LANGUAGES } from '../../../../src/lib/state/kiosk/languages';
import { connectOrigins } from '../../../../src/lib/state/kiosk/policy';

const AROUND = { base: 'https://kiosk.example/kiosk?x', allowed: ['http://camera.lan:1984', 'ws://broker.lan:9001'] };

function parse(query: string | Record<string, string>): ParsedConfig {
	return parseKioskConfig(new URLSearchParams(query), AROUND);
}

/** The message for the one parameter that is wrong. */
function problemOf(name: string, value: string): string {
	const parsed = parse(name === 'source' ? { source: value } : { source: 'camera', [name]: value });
	if (parsed.ok) throw new Error(`${name}=${value} was taken`);
	expect(parsed.problems.map(({ parameter }) => parameter)).toEqual([name]);
	return parsed.problems[0]?.message ?? '';
}

describe('valid addresses', () => {
	it('a source is enough', () => {
		expect(parse('source=camera')).toEqual({ ok: true, config: { ...DEFAULTS, source: { kind: 'camera', name: '' } } });
	});

	it.each([
		['camera:Logitech BRIO (046d:085e)', { kind: 'camera', name: 'Logitech BRIO (046d:085e)' }],
		[
			'mjpeg:/camera/api/stream.mjpeg?src=door',
			{ kind: 'mjpeg', url: 'https://kiosk.example/camera/api/stream.mjpeg?src=door' }
		],
		['whep:http://camera.lan:1984/api/webrtc?src=a', { kind: 'whep', url: 'http://camera.lan:1984/api/webrtc?src=a' }],
		['video:clip.mp4', { kind: 'video', url: 'https://kiosk.example/clip.mp4' }]
	])('source=%s', (value, source) => {
		expect(parse({ source: value })).toMatchObject({ ok: true, config: { source } });
	});

	it('everything at once', () => {
		const query =
			'source=hls:/tv/live.m3u8&model=mien&region=25,0,50,100&rotate=90&mirror=yes&min-face=48&threshold=55' +
			'&show=blurred&log=no&keep=7&lang=de&idle=5&notice=screen&text=Hallo&operator=Museum&link=https://example.com/a' +
			'&memory=300&mqtt=ws://broker.lan:9001/mqtt&mqtt-topic=museum/door&mqtt-discovery=off';
		expect(parse(query)).toEqual({
			ok: true,
			config: {
				source: { kind: 'hls', url: 'https://kiosk.example/tv/live.m3u8' },
				model: 'mien',
				region: { x: 0.25, y: 0, width: 0.5, height: 1 },
				rotate: 90,
				mirror: true,
				minFacePx: 48,
				threshold: 0.55,
				show: 'blurred',
				log: false,
				keepDays: 7,
				language: 'de',
				idleMinutes: 5,
				notice: 'screen',
				text: 'Hallo',
				operator: 'Museum',
				link: 'https://example.com/a',
				memoryMb: 300,
				mqttUrl: 'ws://broker.lan:9001/mqtt',
				mqttTopic: 'museum/door',
				mqttDiscovery: null
			}
		});
	});

	it('a broker of this server speaks WebSocket, encrypted where the page is', () => {
		expect(parse('source=camera&mqtt=/broker')).toMatchObject({ config: { mqttUrl: 'wss://kiosk.example/broker' } });
		expect(parse('source=camera&mqtt=wss://kiosk.example/')).toMatchObject({ ok: true });
		const plain = parseKioskConfig(new URLSearchParams('source=camera&mqtt=/broker'), {
			base: 'http://kiosk/kiosk',
			allowed: []
		});
		expect(plain).toMatchObject({ config: { mqttUrl: 'ws://kiosk/broker', mqttDiscovery: 'homeassistant' } });
	});

	it('a region takes fractions of a per cent, up to the very border', () => {
		// In floating point, 0.71 % and 99.29 % are more than all.
		expect(parse({ source: 'camera', region: '0.71, 33.33 ,99.29, 66.67' })).toMatchObject({ ok: true });
		expect(parse({ source: 'camera', region: '12.5,0,75,100' })).toMatchObject({
			config: { region: { x: 0.125, y: 0, width: 0.75, height: 1 } }
		});
	});

	it('spaces around a value do not count', () => {
		expect(parse({ source: ' camera ', keep: ' 7 ' })).toMatchObject({ config: { keepDays: 7 } });
	});

	it('text stays text, markup and all', () => {
		const text = '<img src=x onerror=alert(1)> & "quotes"';
		expect(parse({ source: 'camera', text })).toMatchObject({ ok: true, config: { text } });
	});

	it('what the form writes is what was entered', () => {
		const groups = formGroups([{ id: 'mien', title: 'Mien' }], LANGUAGES);
		const query = formQuery('mjpeg:/camera', { model: 'mien', keep: '30', show: 'figures', text: ' a ' }, groups);
		expect(query.toString()).toBe('source=mjpeg%3A%2Fcamera&show=figures&model=mien&text=a');
		expect(parseKioskConfig(query, AROUND)).toMatchObject({
			ok: true,
			config: { model: 'mien', show: 'figures', text: 'a' }
		});
		for (const { name, options = [] } of groups.flatMap(({ fields }) => fields))
			for (const { value } of options.filter((option) => option.value !== ''))
				expect(parse({ source: 'camera', [name]: value }), `${name}=${value}`).toMatchObject({ ok: true });
		const asIs = Object.fromEntries(groups.flatMap(({ fields }) => fields.map(({ name, initial }) => [name, initial])));
		expect(formQuery('camera', asIs, groups).toString()).toBe('source=camera');
		// And the parser agrees about what is default.
		const explicit = new URLSearchParams({ source: 'camera', ...asIs });
		for (const [name, value] of [...explicit]) if (value === '') explicit.delete(name);
		expect(parseKioskConfig(explicit, AROUND)).toEqual(parse('source=camera'));
	});
});

describe('wrong values say what is wrong and what is allowed', () => {
	it.each([
		['rotate', '33', 'is "33"; allowed is one of 0, 90, 180, 270'],
		['keep', '0', 'is "0"; allowed is a whole number of days from 1 to 60'],
		['keep', '61', 'is "61"; allowed is a whole number of days from 1 to 60'],
		['keep', '1e1', 'is "1e1"; allowed is a whole number of days from 1 to 60'],
		['threshold', '-5', 'is "-5"; allowed is a whole number of per cent from 0 to 100'],
		['show', 'VIDEO', 'is "VIDEO"; allowed is one of video, blurred, figures'],
		['model', '../mien', 'is "../mien"; allowed is the id of a model: lower-case letters, digits, hyphens'],
		['model', 'mien.json', 'is "mien.json"; allowed is the id of a model: lower-case letters, digits, hyphens'],
		['link', 'https://', 'is "https://"; allowed is an address'],
		['link', `https://a/${'x'.repeat(2000)}`, 'is longer than 2000 characters'],
		['mirror', '', 'is empty; allowed is one of yes, no'],
		['lang', '__proto__', `is "__proto__"; allowed is one of ${Object.keys(LANGUAGES).join(', ')}`],
		['mqtt', 'mqtt://broker', 'is "mqtt://broker"; allowed is an address with ws: or wss: or http: or https:'],
		[
			'mqtt-topic',
			'a/+',
			'is "a/+"; allowed is a topic of letters, digits, hyphens and underscores, with slashes between'
		],
		[
			'mqtt-discovery',
			'#',
			'is "#"; allowed is a topic of letters, digits, hyphens and underscores, with slashes between'
		],
		['link', 'javascript:alert(1)', 'is "javascript:alert(1)"; allowed is an address with https: or http:']
	])('%s=%s', (name, value, message) => {
		expect(problemOf(name, value)).toBe(message);
	});

	it.each(['', '/a', 'a/', 'a//b', 'a b', 'x'.repeat(101)])('mqtt-topic=%s', (value) =>
		expect(problemOf('mqtt-topic', value)).toContain('allowed is a topic of letters, digits')
	);

	it.each([
		'0,0,101,50',
		'50,0,60,10',
		'50,50,10,60',
		'0,0,0,10',
		'0,0,10,0',
		'1,2,3',
		'1,2,3,4,5',
		'a,b,c,d',
		'0,0,-1,5',
		'1e1,0,1,1',
		'NaN,0,1,1'
	])('region=%s', (value) => expect(problemOf('region', value)).toContain('left, top, width and height in per cent'));

	it.each([
		'',
		'mjpeg',
		'mjpeg:',
		'rtsp://camera/1',
		'ftp:/x',
		'data:text/html,x',
		'javascript:alert(1)',
		'MJPEG:/x',
		'2camera',
		'camera/1',
		'camera:'
	])('source=%s', (value) => expect(problemOf('source', value)).toMatch(/allowed is ("camera"|1 to 300)/));

	it('a source that is missing', () => {
		expect(parse('show=video')).toMatchObject({ ok: false, problems: [{ parameter: 'source' }] });
	});

	it('other hosts, and how to allow them', () => {
		expect(problemOf('source', 'mjpeg:http://evil.example/x')).toMatch(
			/this server or to one of http:\/\/camera\.lan:1984, ws:.*--allow http:\/\/evil\.example\) or proxied$/
		);
		expect(problemOf('source', 'mjpeg://evil.example/x')).toContain('--allow https://evil.example');
	});

	it('other brokers, those without encryption among them, and how to allow them', () => {
		expect(problemOf('mqtt', 'wss://evil.example')).toMatch(/--allow wss:\/\/evil\.example\) or proxied$/);
		expect(problemOf('mqtt', 'ws://kiosk.example/broker')).toContain('--allow ws://kiosk.example');
		expect(problemOf('mqtt', 'ws://me:secret@broker.lan:9001')).toMatch(/^holds a name or password/);
	});

	it.each([
		'mjpeg:http://me:secret@camera.lan:1984/x',
		'whep://me:secret@kiosk.example/x',
		'mjpeg:http://secret@camera.lan:1984/x',
		'mjpeg:http://:secret@camera.lan:1984/x'
	])('credentials are refused and not repeated: %s', (value) => {
		const message = problemOf('source', value);
		expect(message).toMatch(/^holds a name or password/);
		expect(message).not.toContain('secret');
	});

	it('parameters that are not known, given twice, or named like parts of objects', () => {
		const parsed = parse('source=camera&sorce=1&constructor=2&__proto__=3&keep=1&keep=2');
		if (parsed.ok) throw new Error('was taken');
		expect(parsed.problems.map(({ parameter }) => parameter)).toEqual(['sorce', 'constructor', '__proto__', 'keep']);
		expect(parsed.problems[0]?.message).toMatch(/^is not known; known are source, model, /);
		expect(parsed.problems[3]?.message).toBe('is given more than once');
	});

	it.each(['a\nb', 'a\0b', 'a\u202Eb', 'a\u2028b', 'x'.repeat(301)])(
		'text of control characters or too long',
		(value) => {
			const message = problemOf('text', value);
			expect(message).toContain('allowed is');
			expect(message).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028]/u);
			expect(message.length).toBeLessThan(200);
		}
	);
});

it('the security policy says which hosts are allowed', () => {
	expect(
		connectOrigins("default-src 'self'; connect-src http://a:1  wss://b blob: ws://c 'self'; img-src http://d")
	).toEqual(['http://a:1', 'wss://b', 'ws://c']);
	expect(connectOrigins('')).toEqual([]);
});
