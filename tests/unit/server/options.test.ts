import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { type Asking, hostName, isOfThisSite, isOwnName, wouldSayOrigin } from '../../../src/server/hosts';
import { parseServeOptions } from '../../../src/server/options';

const NONE = {
	build: true,
	port: null,
	host: null,
	names: [],
	proxies: [],
	trust: [],
	allow: [],
	metrics: false
};
const FINGERPRINT = 'AB:'.repeat(32).slice(0, -1);

describe('options of the server', () => {
	it('may all be left out', () => {
		expect(parseServeOptions([])).toEqual(NONE);
	});

	it('may all be given, with a space or an equals sign', () => {
		const args = [
			'--proxy',
			'/camera=http://10.0.0.5:1984/',
			'--proxy=/b/c=http://me:p%40ss@cam',
			'--proxy=/broker=ws://10.0.0.6:9001',
			'--proxy=/camera/api/stream.mjpeg=http://cam/api/stream.mjpeg',
			'--proxy=//door=http://cam',
			'--proxy=/hut=http://cam:81?user=me&pwd=a%26b',
			`--trust=/b/c=sha256:${FINGERPRINT}`,
			'--allow=ws://Broker:9001'
		];
		expect(parseServeOptions([...args, '--port', '8080', '--host', '--no-build', '--metrics'])).toEqual({
			build: false,
			port: 8080,
			host: '',
			names: [],
			proxies: [
				{ path: '/camera', target: 'http://10.0.0.5:1984', auth: null, query: '' },
				{ path: '/b/c', target: 'http://cam', auth: 'me:p@ss', query: '' },
				{ path: '/broker', target: 'http://10.0.0.6:9001', auth: null, query: '' },
				{ path: '/camera/api/stream.mjpeg', target: 'http://cam/api/stream.mjpeg', auth: null, query: '' },
				{ path: '/door', target: 'http://cam', auth: null, query: '' },
				{ path: '/hut', target: 'http://cam:81', auth: null, query: 'user=me&pwd=a%26b' }
			],
			trust: [{ path: '/b/c', fingerprint: 'ab'.repeat(32) }],
			allow: ['ws://broker:9001'],
			metrics: true
		});
	});

	it.each([
		[['--host'], '', []],
		[['--host', '10.0.0.2'], '10.0.0.2', []],
		[['--host=[::1]'], '::1', []],
		[['--host=localhost'], 'localhost', []],
		[['--host', 'Kiosk.example.org', '--host=door.local.'], '', ['kiosk.example.org', 'door.local']],
		[['--host=10.0.0.2', '--host=kiosk.example.org'], '10.0.0.2', ['kiosk.example.org']]
	])('%j listen at %j and know the names %j', (args, host, names) => {
		expect(parseServeOptions(args)).toEqual({ ...NONE, host, names });
	});

	it.each([
		[['--proxi', 'x'], '"--proxi" is not known'],
		[['--proxy'], '--proxy needs a value'],
		[['--proxy', 'camera=http://x'], '--proxy takes /PATH=http://HOST:PORT'],
		[['--proxy', '/camera=ftp://x'], '--proxy takes http, https, ws and wss addresses'],
		[['--proxy', '/a/../b=http://x'], 'no "." or ".."'],
		[['--proxy', '/models=http://x'], 'would hide a part of this site'],
		[['--proxy', '/healthz=http://x'], 'would hide a part of this site'],
		[['--proxy', '/a=http://me:100%@cam'], '%25 for a "%"'],
		[['--proxy', '/a=http://:secret@cam'], 'a name before the password'],
		[['--proxy', '/a=http://me:1#2@cam'], '%23'],
		[['--proxy', 'C:/Program Files/Git/cam=http://127.0.0.1:8090'], 'MSYS_NO_PATHCONV=1'],
		[['--proxy=C:\\Program Files\\Git\\cam=http://127.0.0.1:8090'], 'Git Bash rewrote the path'],
		[['--trust', `D:/msys64/cam=${FINGERPRINT}`], 'MSYS_NO_PATHCONV=1'],
		[['--trust', `/cam=${FINGERPRINT}`], 'there is no --proxy /cam'],
		[['--trust', '/cam=AB:CD'], '64 hexadecimal digits'],
		[['--host', 'http://kiosk'], '--host takes an address or a name'],
		[['--port', '99999'], '--port takes a number from 1 to 65535'],
		[['--allow', 'http://x/path'], 'is not an origin'],
		[['--allow', "http://x; script-src 'unsafe-inline'"], 'is not an origin'],
		[['--allow', '*'], 'is not an origin']
	])('%j are rejected: %s', (args, message) => {
		expect(() => parseServeOptions(args)).toThrow(message);
	});
});

const HERE = { names: ['kiosk.example.org'], network: false };
const NETWORK = { names: [], network: true };

describe('host names of this machine', () => {
	it.each([
		['127.0.0.1', true, true],
		['10.0.0.2', true, true],
		['::1', true, true],
		['localhost', true, true],
		['mien.localhost', true, true],
		[hostname().toLowerCase(), true, true],
		[`${hostname().toLowerCase()}.local`, true, true],
		['kiosk.example.org', true, false],
		['raspberrypi.local', false, true],
		['raspberrypi', false, true],
		['kiosk.lan', false, true],
		['kiosk.home.arpa', false, true],
		['kiosk.internal', false, true],
		['evil.example', false, false],
		['local.evil.example', false, false],
		['', false, false]
	])('%s: on this machine only %s, on the network %s', (name, here, network) => {
		expect([isOwnName(name, HERE), isOwnName(name, NETWORK)]).toEqual([here, network]);
	});

	it.each([
		['LOCALHOST:4173', 'localhost'],
		['kiosk.local.:80', 'kiosk.local'],
		['[::1]:4173', '::1'],
		['[', ''],
		['a@b', ''],
		['a/b', ''],
		[undefined, '']
	])('are read from the header %s as %j', (header, name) => {
		expect(hostName(header)).toBe(name);
	});
});

describe('requests to cameras', () => {
	it.each<[boolean, Asking['headers']]>([
		[true, { host: '10.0.0.2:4173' }],
		[true, { host: 'localhost:4173', origin: 'http://localhost:4173', 'sec-fetch-site': 'same-origin' }],
		[true, { host: '[::1]:4173', 'sec-fetch-site': 'none' }],
		[true, { host: 'kiosk.example.org' }],
		[true, { host: '127.0.0.1:4173', origin: 'https://kiosk.example.org', 'sec-fetch-site': 'same-origin' }],
		[false, { host: 'localhost:4173', origin: 'http://localhost:8080' }],
		[false, { host: 'localhost:4173', origin: 'null' }],
		[false, { host: 'localhost:4173', 'sec-fetch-site': 'same-site' }],
		[false, { host: 'localhost:4173', 'sec-fetch-site': 'cross-site' }],
		[false, { host: 'evil.example', origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' }],
		[false, {}]
	])('are for pages of this site: %j, %j', (expected, headers) => {
		expect(isOfThisSite({ headers }, HERE)).toBe(expected);
	});

	it.each<[boolean, Asking['headers']]>([
		[true, { host: 'localhost:4173' }],
		[true, { host: '127.0.0.1' }],
		[true, { host: '10.0.0.2', origin: 'http://10.0.0.2' }],
		[true, { host: '10.0.0.2', 'sec-fetch-site': 'same-origin' }],
		[false, { host: '10.0.0.2' }],
		[false, { host: 'kiosk.local' }],
		[false, {}]
	])('would carry an origin if they came from elsewhere: %j, %j', (expected, headers) => {
		expect(wouldSayOrigin({ headers })).toBe(expected);
	});
});
