import { describe, expect, it } from 'vitest';
import { bridgeOf, tellsPassword } from '../../../../src/lib/state/kiosk/camera-address';

const OWN = ['http://localhost:4173'];

describe('the commands for a pasted address:', () => {
	it('RTSP needs two, which repeat neither name nor password', () => {
		expect(bridgeOf(' rtsp://admin:s3cret@10.0.0.20:554/Streaming/Channels/101?a=1&b=2 ', 'mjpeg', OWN)).toEqual({
			kind: 'translated',
			protocol: 'RTSP',
			commands: [
				`go2rtc -config '{"streams":{"camera":"rtsp://NAME:PASSWORD@10.0.0.20:554/Streaming/Channels/101?a=1&b=2"}}'`,
				'npm start -- --host --proxy /camera=http://127.0.0.1:1984'
			],
			source: { kind: 'gateway', rest: '/camera?src=camera' },
			hadLogin: true
		});
		expect(bridgeOf('RTSPS://camera/1', 'mjpeg', OWN)?.commands[0]).toBe(
			`go2rtc -config '{"streams":{"camera":"rtsps://camera/1"}}'`
		);
	});

	it.each([
		'admin:p#ss@10.0.0.20/1',
		'admin:1#23@10.0.0.20/1',
		'admin:p/ss@10.0.0.20/1',
		'admin:p?ss@10.0.0.20/1',
		'admin:12?34@10.0.0.20/1',
		'admin:p@ss@10.0.0.20/1',
		'admin:a@b:c/@10.0.0.20/1',
		'first.last:p#ss@10.0.0.20/1'
	])('a password is found whatever is in it: rtsp://%s', (rest) => {
		expect(bridgeOf(`rtsp://${rest}`, 'mjpeg', OWN)).toMatchObject({
			commands: [`go2rtc -config '{"streams":{"camera":"rtsp://NAME:PASSWORD@10.0.0.20/1"}}'`, /proxy/],
			hadLogin: true
		});
		expect(bridgeOf(`http://${rest}`, 'mjpeg', OWN)?.commands).toEqual([
			'npm start -- --host --proxy /camera=http://NAME:PASSWORD@10.0.0.20'
		]);
	});

	it.each(['10.0.0.20:554/live?mail=a@b.lan', 'camera:554/live@1', '[2001:db8::5]:554/a:b@c', 'camera/a:b@c'])(
		'what only looks like a password stays: rtsp://%s',
		(rest) => {
			expect(bridgeOf(`rtsp://${rest}`, 'mjpeg', OWN)).toMatchObject({
				commands: [`go2rtc -config '{"streams":{"camera":"rtsp://${rest}"}}'`, /proxy/],
				hadLogin: false
			});
		}
	);

	it.each([
		['rtsp:10.0.0.20/1', 'rtsp://10.0.0.20/1', 'RTSP'],
		['rtsp:// 10.0.0.20/1', 'rtsp://10.0.0.20/1', 'RTSP'],
		['<rtsp://10.0.0.20/1>', 'rtsp://10.0.0.20/1', 'RTSP'],
		['"rtsp://10.0.0.20/1"', 'rtsp://10.0.0.20/1', 'RTSP'],
		['rtmp://10.0.0.20/1?a=1&b=2', 'rtmp://10.0.0.20/1?a=1&b=2', 'RTMP'],
		['rtsps://10.0.0.20:7441/abc?enableSrtp', 'rtspx://10.0.0.20:7441/abc', 'RTSPX']
	])('%s is translated as %s', (text, whole, protocol) => {
		const bridge = bridgeOf(text, 'mjpeg', OWN);
		expect([bridge?.commands[0], bridge?.protocol]).toEqual([
			`go2rtc -config '{"streams":{"camera":"${whole}"}}'`,
			protocol
		]);
	});

	it('another host needs one', () => {
		expect(bridgeOf('http://me:s3cret@camera.lan:8080/video.mjpg?res=1', 'mjpeg', OWN)).toEqual({
			kind: 'http',
			protocol: 'HTTP',
			commands: [`npm start -- --host --proxy /camera=http://NAME:PASSWORD@camera.lan:8080`],
			source: { kind: 'mjpeg', rest: '/camera/video.mjpg?res=1' },
			hadLogin: true
		});
	});

	it.each([
		['cgi-bin/api.cgi?cmd=Snap&user=me&password=s3cret', '?user=NAME&password=PASSWORD', 'cgi-bin/api.cgi?cmd=Snap'],
		['videostream.cgi?usr=me&pwd=s3cret', '?usr=NAME&pwd=PASSWORD', 'videostream.cgi'],
		['v.cgi?LoginUse=me&LoginPas=s3cret&r=1', '?LoginUse=NAME&LoginPas=PASSWORD', 'v.cgi?r=1'],
		['image/door?q=40&pw=s3cret', '?pw=PASSWORD', 'image/door?q=40'],
		['api/camera_proxy/camera.door?access_token=s3cret', '?access_token=PASSWORD', 'api/camera_proxy/camera.door']
	])('a password in the query goes into the command, not into the kiosk’s link: %s', (rest, query, kept) => {
		expect(bridgeOf(`http://10.0.0.20/${rest}`, 'snapshot', OWN)).toEqual({
			kind: 'http',
			protocol: 'HTTP',
			commands: [`npm start -- --host --proxy '/camera=http://10.0.0.20${query}'`],
			source: { kind: 'snapshot', rest: `/camera/${kept}` },
			hadLogin: true
		});
		expect([tellsPassword(`/camera/${rest}`), tellsPassword(`/camera/${kept}`)]).toEqual([true, false]);
	});

	it.each(['snap?user=1', 'snap?passage=1', 'snap?src=token', 'snap', 'snap?'])(
		'what only looks like a password in the query stays: %s',
		(rest) => {
			expect(bridgeOf(`http://10.0.0.20/${rest}`, 'snapshot', OWN)).toMatchObject({ hadLogin: false });
			expect(tellsPassword(`/camera/${rest}`)).toBe(false);
		}
	);

	it.each([
		['192.168.1.5/video', 'http://192.168.1.5'],
		['me:s3cret@camera.lan/video', 'http://NAME:PASSWORD@camera.lan'],
		['door:8080/video', 'http://door:8080'],
		['[2001:db8::5]:8080/video', "'/camera=http://[2001:db8::5]:8080'"],
		['http:/192.168.1.5/video', 'http://192.168.1.5'],
		['http:\\\\192.168.1.5\\video', 'http://192.168.1.5']
	])('another host without http:// needs one: %s', (text, host) => {
		expect(bridgeOf(text, 'mjpeg', OWN)).toMatchObject({
			commands: [`npm start -- --host --proxy ${host.startsWith("'") ? host : `/camera=${host}`}`],
			source: { rest: '/camera/video' }
		});
	});

	it.each(['192.168.1.5', '192.168.1.5:8080', '192.168.1.5?action=stream', '[2001:db8::5]'])(
		'another host without http:// and path needs one: %s',
		(text) => expect(bridgeOf(text, 'mjpeg', OWN)?.kind).toBe('http')
	);

	it('no part of it is run by a shell', () => {
		const command = bridgeOf("rtsp://camera/'$(touch x)'`y`", 'mjpeg', OWN)?.commands[0] ?? '';
		expect(command.replaceAll(String.raw`'\''`, '').replaceAll(/'[^']*'/g, '')).toBe('go2rtc -config ');
	});

	it.each([
		'',
		'camera',
		'clip.mp4',
		'films/clip.mp4',
		'/camera.lan/stream',
		'http://localhost:4173/x',
		'rtsp://',
		'http://',
		'ftp://a/b',
		'rtsp//a'
	])('%s needs none', (text) => expect(bridgeOf(text, 'mjpeg', OWN)).toBeNull());
});
