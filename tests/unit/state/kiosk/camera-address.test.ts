import { describe, expect, it } from 'vitest';
import { bridgeOf } from '../../../../src/lib/state/kiosk/camera-address';

const OWN = ['http://localhost:4173'];

describe('the commands for a pasted address:', () => {
	it('RTSP needs two, which repeat neither name nor password', () => {
		expect(bridgeOf(' rtsp://admin:s3cret@10.0.0.20:554/Streaming/Channels/101?a=1&b=2 ', 'mjpeg', OWN)).toEqual({
			kind: 'rtsp',
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

	it('another host needs one', () => {
		expect(bridgeOf('http://me:s3cret@camera.lan:8080/video.mjpg?res=1', 'mjpeg', OWN)).toEqual({
			kind: 'http',
			commands: [`npm start -- --host --proxy /camera=http://NAME:PASSWORD@camera.lan:8080`],
			source: { kind: 'mjpeg', rest: '/camera/video.mjpg?res=1' },
			hadLogin: true
		});
	});

	it.each([
		['192.168.1.5/video', 'http://192.168.1.5'],
		['me:s3cret@camera.lan/video', 'http://NAME:PASSWORD@camera.lan'],
		['door:8080/video', 'http://door:8080']
	])('another host without http:// needs one: %s', (text, host) => {
		expect(bridgeOf(text, 'mjpeg', OWN)).toMatchObject({
			commands: [`npm start -- --host --proxy /camera=${host}`],
			source: { rest: '/camera/video' }
		});
	});

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
