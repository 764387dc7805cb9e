import { describe, expect, it } from 'vitest';
import { parseServeOptions } from '../../../src/server/options';
import { isOfThisSite, ownLocation, proxyTable } from '../../../src/server/proxy';

describe('options of the server', () => {
	it('needs none', () => {
		expect(parseServeOptions([])).toEqual({ build: true, port: null, host: null, proxies: [], allow: [] });
	});

	it('takes them all, with a space or an equals sign', () => {
		const args = [
			'--proxy',
			'/camera=http://10.0.0.5:1984/',
			'--proxy=/b/c=http://me:p%40ss@cam',
			'--proxy=/broker=ws://10.0.0.6:9001',
			'--allow=ws://Broker:9001'
		];
		expect(parseServeOptions([...args, '--port', '8080', '--host', '--no-build'])).toEqual({
			build: false,
			port: 8080,
			host: '0.0.0.0',
			proxies: [
				{ path: '/camera', target: 'http://10.0.0.5:1984', auth: null },
				{ path: '/b/c', target: 'http://cam', auth: 'me:p@ss' },
				{ path: '/broker', target: 'http://10.0.0.6:9001', auth: null }
			],
			allow: ['ws://broker:9001']
		});
	});

	it.each([
		[['--proxi', 'x'], '"--proxi" is not known'],
		[['--proxy'], '--proxy needs a value'],
		[['--proxy', 'camera=http://x'], '--proxy takes /PATH=http://HOST:PORT'],
		[['--proxy', '/camera=ftp://x'], '--proxy takes http, https, ws and wss addresses'],
		[['--proxy', '/models=http://x'], 'would hide a part of this site'],
		[['--proxy', '/a=http://me:100%@cam'], '%25 for a "%"'],
		[['--proxy', '/a=http://cam/snap?user=me'], 'takes no "?"'],
		[['--proxy', '/a=http://:secret@cam'], 'a name before the password'],
		[['--proxy', '/a=http://me:1#2@cam'], '%23'],
		[['--port', '99999'], '--port takes a number from 1 to 65535'],
		[['--allow', 'http://x/path'], 'is not an origin'],
		[['--allow', "http://x; script-src 'unsafe-inline'"], 'is not an origin'],
		[['--allow', '*'], 'is not an origin']
	])('%j: %s', (args, message) => {
		expect(() => parseServeOptions(args)).toThrow(message);
	});
});

describe('proxies', () => {
	it('match their path and what lies below, and nothing else', () => {
		const [pattern = ''] = Object.keys(proxyTable([{ path: '/camera', target: 'http://x', auth: null }], null));
		const paths = ['/camera', '/camera/a', '/camera?b', '/cameras', '/x/camera'];
		expect(paths.filter((path) => new RegExp(pattern).test(path))).toEqual(['/camera', '/camera/a', '/camera?b']);
	});

	it.each<[boolean, Parameters<typeof isOfThisSite>[0]['headers']]>([
		[true, { host: '10.0.0.2:4173' }],
		[true, { host: 'localhost:4173', origin: 'http://localhost:4173', 'sec-fetch-site': 'same-origin' }],
		[true, { host: '[::1]:4173', 'sec-fetch-site': 'none' }],
		[true, { host: 'kiosk.lan' }],
		[false, { host: 'localhost:4173', origin: 'http://localhost:8080' }],
		[false, { host: 'localhost:4173', origin: 'null' }],
		[false, { host: 'localhost:4173', 'sec-fetch-site': 'same-site' }],
		[false, { host: 'localhost:4173', 'sec-fetch-site': 'cross-site' }],
		[false, { host: 'evil.example', origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' }],
		[false, {}]
	])('are for pages of this site: %j, %j', (expected, headers) => {
		expect(isOfThisSite({ headers }, 'kiosk.lan')).toBe(expected);
	});

	it.each([
		['http://[bad', null],
		['/whep/1', '/camera/whep/1'],
		['http://x:1/whep/1?a', '/camera/whep/1?a'],
		['whep/1', 'whep/1'],
		['http://elsewhere/1', 'http://elsewhere/1']
	])('lead the address %s back below their path', (location, own) => {
		expect(ownLocation(location, '/camera', 'http://x:1')).toBe(own);
	});
});
