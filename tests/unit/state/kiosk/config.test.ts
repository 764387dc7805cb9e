import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
	DEFAULTS,
	type KioskConfig,
	parseKioskConfig,
	type Problem,
	readForForm
} from '../../../../src/lib/state/kiosk/config';
import { formCameras, formGroups, formQuery, NEW_CAMERA } from '../../../../src/lib/state/kiosk/form';
import { LANGUAGES } from '../../../../src/lib/state/kiosk/words';
import { connectOrigins } from '../../../../src/lib/state/kiosk/policy';

const AROUND = { base: 'https://kiosk.example/kiosk?x', allowed: ['http://camera.lan:1984', 'ws://broker.lan:9001'] };

const EVERYTHING =
	'source=hls:/tv/live.m3u8&model=mien&region=25,0,50,100&rotate=90&mirror=yes&min-face=48&threshold=55' +
	'&show=blurred&log=no&keep=7&lang=de&idle=5&notice=screen&text=Hallo&operator=Museum&link=https://example.com/a' +
	'&memory=300&mqtt=ws://broker.lan:9001/mqtt&mqtt-topic=museum/door&mqtt-discovery=off&mqtt-commands=yes' +
	'&name=Door&ice=stun:stun.lan:3478,turn:turn.lan:3478%3Ftransport=tcp&totals=yes&low-memory=yes&fps=5&metrics=yes&occupied=30&resting=yes';

type Parsed = { ok: true; config: KioskConfig } | { ok: false; problems: readonly Problem[] };

/** The address of a single camera. */
function parse(query: string | Record<string, string>, around = AROUND): Parsed {
	const search = typeof query === 'string' ? query : new URLSearchParams(query).toString();
	const parsed = parseKioskConfig(search, around);
	if (!parsed.ok) return parsed;
	expect(parsed.configs).toHaveLength(1);
	return { ok: true, config: parsed.configs[0] };
}

/** The message for the one wrong parameter. */
function problemOf(name: string, value: string): string {
	const parsed = parse(name === 'source' ? { source: value } : { source: 'camera', [name]: value });
	if (parsed.ok) throw new Error(`${name}=${value} was taken`);
	expect(parsed.problems.map(({ parameter }) => parameter)).toEqual([name]);
	return parsed.problems[0]?.message ?? '';
}

function problemsOf(query: string): readonly Problem[] {
	const parsed = parse(query);
	if (parsed.ok) throw new Error(`${query} was taken`);
	return parsed.problems;
}

it('the README of the kiosk has a row for every parameter', () => {
	const lines = readFileSync('src/routes/kiosk/README.md', 'utf8').split('\n');
	const table = lines.slice(lines.findIndex((line) => line.startsWith('| parameter')) + 2);
	const cells = table.slice(0, table.indexOf('')).map((line) => line.split('|')[1] ?? '');
	const named = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
	expect(named.sort()).toEqual([...new URLSearchParams(EVERYTHING).keys()].sort());
});

describe('a valid kiosk address', () => {
	it('needs only a source', () => {
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
	])('may have source=%s', (value, source) => {
		expect(parse({ source: value })).toMatchObject({ ok: true, config: { source } });
	});

	it('may set everything at once', () => {
		expect(parse(EVERYTHING)).toEqual({
			ok: true,
			config: {
				name: 'Door',
				ice: ['stun:stun.lan:3478', 'turn:turn.lan:3478?transport=tcp'],
				totals: true,
				lowMemory: true,
				fps: 5,
				metrics: true,
				mqttCommands: true,
				occupiedSeconds: 30,
				source: { kind: 'hls', url: 'https://kiosk.example/tv/live.m3u8' },
				model: 'mien',
				region: { x: 0.25, y: 0, width: 0.5, height: 1 },
				rotate: 90,
				mirror: true,
				minFacePx: 48,
				threshold: 0.55,
				resting: true,
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

	it('may name a broker on this server, which then speaks WebSocket, encrypted if the page is', () => {
		expect(parse('source=camera&mqtt=/broker')).toMatchObject({ config: { mqttUrl: 'wss://kiosk.example/broker' } });
		expect(parse('source=camera&mqtt=wss://kiosk.example/')).toMatchObject({ ok: true });
		const plain = parse('source=camera&mqtt=/broker', { base: 'http://kiosk/kiosk', allowed: [] });
		expect(plain).toMatchObject({ config: { mqttUrl: 'ws://kiosk/broker', mqttDiscovery: 'homeassistant' } });
	});

	it('may give a region in fractions of a percent, up to the edge', () => {
		// In floating point, 0.71 % and 99.29 % add up to more than 100 %.
		expect(parse({ source: 'camera', region: '0.71, 33.33 ,99.29, 66.67' })).toMatchObject({ ok: true });
		expect(parse({ source: 'camera', region: '12.5,0,75,100' })).toMatchObject({
			config: { region: { x: 0.125, y: 0, width: 0.75, height: 1 } }
		});
	});

	it('ignores spaces around a value', () => {
		expect(parse({ source: ' camera ', keep: ' 7 ' })).toMatchObject({ config: { keepDays: 7 } });
	});

	it('keeps text as text, markup and all', () => {
		const text = '<img src=x onerror=alert(1)> & "quotes"';
		expect(parse({ source: 'camera', text })).toMatchObject({ ok: true, config: { text } });
	});

	it('written by the form says what was entered', () => {
		const groups = formGroups([{ id: 'mien', title: 'Mien' }], LANGUAGES);
		const query = formQuery(
			[{ ...NEW_CAMERA, kind: 'mjpeg', rest: '/camera' }],
			{ model: 'mien', keep: '30', show: 'figures', text: ' a ' },
			groups
		);
		expect(query).toBe('source=mjpeg%3A%2Fcamera&show=figures&text=a&model=mien');
		expect(parse(query)).toMatchObject({
			ok: true,
			config: { model: 'mien', show: 'figures', text: 'a' }
		});
		for (const { name, options = [] } of groups.flatMap(({ fields }) => fields))
			for (const { value } of options.filter((option) => option.value !== ''))
				expect(parse({ source: 'camera', [name]: value }), `${name}=${value}`).toMatchObject({ ok: true });
		const asIs = Object.fromEntries(groups.flatMap(({ fields }) => fields.map(({ name, initial }) => [name, initial])));
		expect(formQuery([NEW_CAMERA], asIs, groups)).toBe('source=camera');
		// And the parser agrees on the defaults.
		const explicit = new URLSearchParams({ source: 'camera', ...asIs });
		for (const [name, value] of [...explicit]) if (value === '') explicit.delete(name);
		expect(parse(explicit.toString())).toEqual(parse('source=camera'));
	});
});

describe('the form of kiosk addresses', () => {
	it.each([
		['mjpeg:/camera/a+b', '/camera/a+b'],
		['mjpeg:/camera/a%2Bb', '/camera/a+b'],
		['mjpeg:/camera/a%20b', '/camera/a b'],
		['mjpeg%3A%2Fcamera%2Fa+b', '/camera/a+b'],
		['mjpeg:/x?channel=1&subtype=1&show=blurred', '/x?channel=1&subtype=1'],
		['mjpeg:/x?channel=1&fps=5&subtype=1&show=blurred', '/x?channel=1&fps=5&subtype=1'],
		['mjpeg:/x?channel=1%26subtype=1&show=blurred', '/x?channel=1&subtype=1'],
		['mjpeg:/x?channel=1&fps=5&show=blurred', '/x?channel=1'],
		['camera:Logitech+BRIO', 'Logitech BRIO']
	])('shows the address of the camera in a link, and writes it so that a kiosk reads the same: %s', (source, rest) => {
		const groups = formGroups([], LANGUAGES);
		const asked = readForForm(`?source=${source}`);
		const cameras = formCameras(asked);
		expect(cameras.map((camera) => camera.rest)).toEqual([rest]);
		expect(asked.get('show')).toBe(source.includes('blurred') ? 'blurred' : null);
		const written = formQuery(cameras, {}, groups);
		expect(formCameras(readForForm(written)).map((camera) => camera.rest)).toEqual([rest]);
		const parsed = parse(written);
		if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
		const own = parsed.config.source;
		const url = new URL(rest, 'https://kiosk.example').href;
		expect(own).toEqual(own.kind === 'camera' ? { kind: 'camera', name: rest } : { kind: 'mjpeg', url });
	});

	it('restores the settings of several cameras from their address', () => {
		const query =
			'source=mjpeg%3A%2Fa&source=camera%3ABRIO&name=Door&name=&region=&region=0%2C0%2C50%2C50&rotate=90&show=blurred';
		const cameras = formCameras(new URLSearchParams(query));
		expect(cameras.map(({ kind, rest, name, region, rotate }) => [kind, rest, name, region, rotate])).toEqual([
			['mjpeg', '/a', 'Door', '', '90'],
			['camera', 'BRIO', '', '0,0,50,50', '90']
		]);
		expect(formQuery(cameras, { show: 'blurred' }, formGroups([], LANGUAGES))).toBe(query);
	});

	it('keeps the settings of a camera from an address that names none', () => {
		expect(formCameras(new URLSearchParams('region=half&mirror=yes'))).toEqual([
			{ ...NEW_CAMERA, region: 'half', mirror: 'yes' }
		]);
	});

	it('takes a pasted address as the source of one camera', () => {
		expect(formCameras(new URLSearchParams({ source: 'rtsp://camera/1' }))).toMatchObject([
			{ kind: 'mjpeg', rest: 'rtsp://camera/1' }
		]);
	});
});

describe('the message for a wrong value says what is wrong and what is allowed:', () => {
	it.each([
		['rotate', '33', 'is "33". Use one of 0, 90, 180, 270'],
		['keep', '0', 'is "0". Use a whole number of days from 1 to 60'],
		['keep', '61', 'is "61". Use a whole number of days from 1 to 60'],
		['keep', '1e1', 'is "1e1". Use a whole number of days from 1 to 60'],
		['threshold', '-5', 'is "-5". Use a whole number of percent from 0 to 100'],
		['show', 'VIDEO', 'is "VIDEO". Use one of video, blurred, figures'],
		['model', '../mien', 'is "../mien". Use the id of a model: lower-case letters, digits, hyphens'],
		['model', 'mien.json', 'is "mien.json". Use the id of a model: lower-case letters, digits, hyphens'],
		['link', 'https://', 'is "https://". Use an address with https: or http:'],
		['link', `https://a/${'x'.repeat(2000)}`, 'is longer than 2000 characters'],
		['mirror', '', 'is empty. Use one of yes, no'],
		['lang', '__proto__', `is "__proto__". Use one of ${Object.keys(LANGUAGES).join(', ')}`],
		['mqtt', 'mqtt://broker', 'is "mqtt://broker". Use an address with ws: or wss: or http: or https:'],
		['mqtt-topic', 'a/+', 'is "a/+". Use a topic of letters, digits, hyphens and underscores, with slashes between'],
		['mqtt-discovery', '#', 'is "#". Use a topic of letters, digits, hyphens and underscores, with slashes between'],
		['link', 'javascript:alert(1)', 'is "javascript:alert(1)". Use an address with https: or http:']
	])('%s=%s', (name, value, message) => {
		expect(problemOf(name, value)).toBe(message);
	});

	it.each(['', '/a', 'a/', 'a//b', 'a b', 'x'.repeat(101)])('mqtt-topic=%s', (value) =>
		expect(problemOf('mqtt-topic', value)).toContain('Use a topic of letters, digits')
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
	])('region=%s', (value) => expect(problemOf('region', value)).toContain('left, top, width, height in percent'));

	it.each([
		'',
		'mjpeg',
		'mjpeg:',
		'ftp:/x',
		'data:text/html,x',
		'javascript:alert(1)',
		'MJPEG:/x',
		'2camera',
		'camera/1',
		'camera:'
	])('source=%s', (value) => expect(problemOf('source', value)).toMatch(/Use ("camera"|1 to 300)/));

	it.each([
		['mjpeg:192.168.1.5:8080/video', 'https://192.168.1.5:8080/'],
		['mjpeg:192.168.1.5/video', 'https://192.168.1.5/'],
		['snapshot:camera.lan/cgi-bin/x?a=b', 'https://camera.lan/'],
		['hls:localhost:1984', 'https://localhost:1984/'],
		['whep:door:8889/whep', 'https://door:8889/']
	])('a host without http:// is not a path of this server: %s', (value, address) =>
		expect(problemOf('source', value)).toContain(`Use an address with http: or https:, such as ${address}`)
	);

	it('a broker without ws:// is not a path of this server', () =>
		expect(problemOf('mqtt', '192.168.1.9:9001')).toContain('such as'));

	it.each(['http:/192.168.1.5/video', '"http://192.168.1.5/video"', '<http://192.168.1.5>', 'http:192.168.1.5'])(
		'a damaged address is not a path of this server: %s',
		(value) => expect(problemOf('source', `mjpeg:${value}`)).toContain('Use an address with http: or https:')
	);

	it.each(['mjpeg:rtsp://camera/1', 'gateway:rtsps://camera/1', 'RTSP://camera/1'])('RTSP anywhere: %s', (value) =>
		expect(problemOf('source', value)).toMatch(/^is RTSP/)
	);

	it('a missing source', () => {
		expect(parse('show=video')).toMatchObject({
			ok: false,
			problems: [{ parameter: 'source', title: '', message: 'No camera chosen' }]
		});
	});

	it('other hosts, with how to allow them', () => {
		expect(problemOf('source', 'mjpeg:http://evil.example/x')).toMatch(
			/this server or to one of http:\/\/camera\.lan:1984, ws:.*--allow http:\/\/evil\.example\) or proxied$/
		);
		expect(problemOf('source', 'mjpeg://evil.example/x')).toContain('--allow https://evil.example');
	});

	it('other brokers, unencrypted ones too, with how to allow them', () => {
		expect(problemOf('mqtt', 'wss://evil.example')).toMatch(/--allow wss:\/\/evil\.example\) or proxied$/);
		expect(problemOf('mqtt', 'ws://kiosk.example/broker')).toContain('--allow ws://kiosk.example');
		expect(problemOf('mqtt', 'ws://me:secret@broker.lan:9001')).toMatch(/^holds a name or password/);
	});

	it.each([
		'mjpeg:http://me:secret@camera.lan:1984/x',
		'whep://me:secret@kiosk.example/x',
		'mjpeg:http://secret@camera.lan:1984/x',
		'mjpeg:http://:secret@camera.lan:1984/x',
		'mjpeg:me:secret@192.168.1.5/video',
		'mjpeg:me:secret@camera.lan:8080',
		'hls:secret@camera.lan/live.m3u8'
	])('credentials are rejected and not repeated: %s', (value) => {
		const message = problemOf('source', value);
		expect(message).toMatch(/^holds a name or password/);
		expect(message).not.toContain('secret');
	});

	it.each(['http://me:se/cret@192.168.1.5/x', 'http://me:se#cret@192.168.1.5/x', 'me:se/cret@192.168.1.5/x'])(
		'credentials with characters that should be escaped are not repeated: %s',
		(value) => expect(problemOf('source', `mjpeg:${value}`)).not.toMatch(/se.?cret/)
	);

	it('RTMP, too', () => expect(problemOf('source', 'mjpeg:rtmp://camera/1')).toMatch(/^is RTMP/));

	it('unknown parameters, repeated ones, and names of object properties', () => {
		const parsed = parse('source=camera&sorce=1&constructor=2&__proto__=3&keep=1&keep=2');
		if (parsed.ok) throw new Error('was taken');
		expect(parsed.problems.map(({ parameter }) => parameter)).toEqual(['sorce', 'constructor', '__proto__', 'keep']);
		expect(parsed.problems[0]?.message).toMatch(/^is not known; known are source, name, /);
		expect(parsed.problems[3]?.message).toBe('is given more than once');
	});

	it.each(['text', 'operator', 'name'])('a password in %s, which is shown on screen', (name) => {
		const message = problemOf(name, 'rtsp://admin:s3cret@cam/1');
		expect(message).toContain('password');
		expect(message).not.toContain('s3cret');
	});

	it.each(['a\nb', 'a\0b', 'a\u202Eb', 'a\u2028b', 'x'.repeat(301)])(
		'text with control characters, or too long',
		(value) => {
			const message = problemOf('text', value);
			expect(message).toContain('Use');
			expect(message).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028]/u);
			expect(message.length).toBeLessThan(200);
		}
	);
});

describe('an unescaped & in an address', () => {
	it('of a camera, before a parameter that no kiosk has, gets the address to copy', () => {
		expect(problemsOf('source=mjpeg:/cam/ok?resolution=640x480&quality=80&show=figures')).toEqual([
			{
				parameter: 'quality',
				message:
					'is not known. An & within an address is written %26: ?source=mjpeg:/cam/ok?resolution=640x480%26quality=80&show=figures. Or let /kiosk/setup build the address'
			}
		]);
	});

	it('before a parameter that both have gets both addresses', () => {
		const [problem, ...others] = problemsOf('source=mjpeg:/cam/ok?resolution=640x480&fps=15');
		expect(others).toEqual([]);
		expect(problem?.parameter).toBe('fps');
		const [camera = '', kiosk = ''] = [...(problem?.message ?? '').matchAll(/write (\S+) for|or (\S+) for/g)].map(
			(match) => match[1] ?? match[2]
		);
		expect(parse(camera)).toMatchObject({
			config: { source: { url: 'https://kiosk.example/cam/ok?resolution=640x480&fps=15' }, fps: 0 }
		});
		expect(parse(kiosk)).toMatchObject({
			config: { source: { url: 'https://kiosk.example/cam/ok?resolution=640x480' }, fps: 15 }
		});
	});

	it('is found in a broker or link too', () => {
		expect(problemsOf('source=camera&link=https://a.example/?a=1&b=2')[0]?.message).toContain('?a=1%26b=2');
		expect(problemsOf('source=camera&mqtt=/b?a=1&b=2')[0]?.message).toContain('?a=1%26b=2');
	});

	it('is not suspected before a parameter that only the kiosk has, nor in an escaped address', () => {
		expect(parse('source=mjpeg:/c?src=door&show=blurred&fps=5')).toMatchObject({
			config: { source: { url: 'https://kiosk.example/c?src=door' }, fps: 5 }
		});
		expect(parse('source=mjpeg%3A%2Fc%3Fsrc%3Ddoor&fps=5')).toMatchObject({ config: { fps: 5 } });
	});

	it('gets a message without the password', () => {
		expect(JSON.stringify(problemsOf('source=mjpeg:http://me:s3cret@camera.lan/x?a=1&b=2'))).not.toContain('s3cret');
		expect(JSON.stringify(problemsOf('source=mjpeg:http%3A//me:s3cret%40camera.lan/x?a=1&b=2'))).not.toContain(
			's3cret'
		);
	});

	it('is like a +, which is a + in a stream’s address and a space in a camera’s name', () => {
		expect(parse('source=mjpeg:/c?token=a+b')).toMatchObject({
			config: { source: { url: 'https://kiosk.example/c?token=a+b' } }
		});
		expect(parse('source=camera:Logitech+BRIO')).toMatchObject({ config: { source: { name: 'Logitech BRIO' } } });
	});
});

it('RTSP is named in its message', () => {
	for (const source of ['rtsp://camera/1', 'RTSPS://camera/1'])
		expect(problemOf('source', source)).toMatch(/^is RTSP, which browsers cannot play/);
	expect(problemOf('source', 'rtsp://me:s3cret@camera/1')).not.toContain('s3cret');
});

describe('several cameras in a kiosk address', () => {
	const parseAll = (query: string) => parseKioskConfig(query, AROUND);

	it('each get a configuration, from shared and individual values', () => {
		const parsed = parseAll(
			'source=mjpeg:/a&source=camera&source=hls:/c&region=0,0,50,100&region=&region=50,0,50,100&name=Door&name=Hall&name=Yard&rotate=90&show=blurred'
		);
		expect(
			parsed.ok &&
				parsed.configs.map(({ source, region, name, rotate, show }) => [source.kind, region?.x, name, rotate, show])
		).toEqual([
			['mjpeg', 0, 'Door', 90, 'blurred'],
			['camera', undefined, 'Hall', 90, 'blurred'],
			['hls', 0.5, 'Yard', 90, 'blurred']
		]);
	});

	it('are nine at most, with lists of matching length', () => {
		const tenth = Array.from({ length: 10 }, () => 'source=camera').join('&');
		expect(parseAll(tenth)).toMatchObject({ ok: false, problems: [{ parameter: 'source', message: /up to 9/ }] });
		expect(parseAll('source=camera&source=camera&source=camera&rotate=0&rotate=90')).toMatchObject({
			ok: false,
			problems: [{ parameter: 'rotate', message: 'is given 2 times: give it once for all cameras, or 3 times' }]
		});
		expect(parseAll('source=camera&source=nonsense')).toMatchObject({ ok: false, problems: [{ parameter: 'source' }] });
	});
});

it('any text is a valid or invalid address, and never a crash', () => {
	// A linear congruential generator (Numerical Recipes): the same addresses every time.
	let state = 20_261_129;
	const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
	const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
	const names = [
		...Object.keys(Object.fromEntries(new URLSearchParams(EVERYTHING))),
		'sorce',
		'',
		'__proto__',
		'constructor',
		'a b',
		'%',
		'%00',
		'\u202e'
	];
	const bits = [
		'camera',
		'mjpeg:/c',
		'rtsp://u:s3cret@h/1',
		'http://u:s3cret@h',
		'?a=1',
		'&',
		'%26',
		'%',
		'+',
		'#',
		',',
		'0',
		'100',
		'-1',
		'1e9',
		'yes',
		'off',
		'\0',
		'\u2028',
		'😀',
		':',
		'//',
		'\\',
		'x'.repeat(5000),
		'25,0,50,100',
		'stun:h:1',
		'http://[::1',
		'gateway:/g?src=a'
	];
	const startMs = performance.now();
	for (let round = 0; round < 4000; round++) {
		const parts = Array.from({ length: Math.floor(random() * 14) }, () => {
			const value = Array.from({ length: Math.floor(random() * 4) }, () => pick(bits)).join('');
			return `${pick(names)}=${random() < 0.5 ? encodeURIComponent(value) : value}`;
		});
		const query = `${random() < 0.5 ? 'source=camera&' : ''}${parts.join('&')}`;
		const parsed = parseKioskConfig(query, AROUND);
		if (parsed.ok) {
			expect(parsed.configs.length).toBeLessThanOrEqual(9);
			expect(JSON.stringify(parsed.configs)).not.toContain('s3cret');
			continue;
		}
		expect(parsed.problems.length).toBeGreaterThan(0);
		for (const { parameter, message } of parsed.problems) {
			expect(message.length).toBeLessThan(3000);
			expect(`${parameter} ${message}`, query).not.toMatch(/s3cret|[\p{Cc}\p{Bidi_Control}\u2028]/u);
		}
	}
	// 4000 take some 0.3 s; a hang would take forever.
	expect(performance.now() - startMs).toBeLessThan(60_000);
});

it('the security policy says which hosts are allowed', () => {
	expect(
		connectOrigins("default-src 'self'; connect-src http://a:1  wss://b blob: ws://c 'self'; img-src http://d")
	).toEqual(['http://a:1', 'wss://b', 'ws://c']);
	expect(connectOrigins('')).toEqual([]);
});
