import { afterEach, describe, expect, it, vi } from 'vitest';
import { CameraSource, cameraErrorCode, findCamera } from '../../../src/lib/sources/camera';

const devices = [
	{ deviceId: 'a1', label: 'Front camera' },
	{ deviceId: 'b2', label: 'Desk camera' }
];

describe('findCamera', () => {
	it('matches the id before the label', () => {
		expect(findCamera(devices, { id: 'b2', label: 'Front camera' })).toBe(devices[1]);
	});

	it('matches the label if the id was renewed', () => {
		expect(findCamera(devices, { id: 'gone', label: 'Desk camera' })).toBe(devices[1]);
	});

	it('gives null if neither is there', () => {
		expect(findCamera(devices, { id: 'gone', label: 'Other' })).toBeNull();
		expect(findCamera(devices, null)).toBeNull();
	});

	it('does not match devices that are nameless before permission is given', () => {
		expect(findCamera([{ deviceId: '', label: '' }], { id: '', label: '' })).toBeNull();
	});
});

describe('a camera chosen by name', () => {
	afterEach(() => vi.unstubAllGlobals());

	it('is opened the first time too, when browsers hide names until a camera is used', async () => {
		const asked: (string | undefined)[] = [];
		const stopped: string[] = [];
		const mediaDevices = {
			enumerateDevices: () =>
				Promise.resolve(
					devices.map((device) => ({
						kind: 'videoinput',
						...(asked.length > 0 ? device : { deviceId: 'unnamed', label: '' })
					}))
				),
			getUserMedia: ({ video }: { video: { deviceId?: { exact: string } } }) => {
				asked.push(video.deviceId?.exact);
				const device = devices.find(({ deviceId }) => deviceId === video.deviceId?.exact) ?? devices[0];
				const stop = () => stopped.push(device?.label ?? '');
				const track = Object.assign(new EventTarget(), { label: device?.label, getSettings: () => device, stop });
				return Promise.resolve({ getVideoTracks: () => [track], getTracks: () => [track] });
			}
		};
		vi.stubGlobal('window', { isSecureContext: true });
		vi.stubGlobal('navigator', { mediaDevices });
		vi.stubGlobal('document', { createElement: () => ({ play: () => Promise.reject(new Error('no pictures here')) }) });
		vi.stubGlobal('MediaStream', Object);
		const source = new CameraSource({ id: 'Desk camera', label: 'Desk camera' });
		await expect(source.start(new AbortController().signal)).rejects.toMatchObject({ code: 'camera-busy' });
		expect(asked).toEqual([undefined, 'b2']);
		expect(source.opened?.label).toBe('Desk camera');
		expect(stopped).toEqual(['Front camera', 'Desk camera']);
	});
});

describe('a camera without substitutes', () => {
	afterEach(() => vi.unstubAllGlobals());

	it.each([
		['known, opens no other', true, [], []],
		['not known yet, closes the one opened to learn them', false, [undefined], ['Front camera']]
	])('that is missing, with the names %s', async (_, isNamed, wanted, closed) => {
		const asked: unknown[] = [];
		const stopped: string[] = [];
		const mediaDevices = {
			enumerateDevices: () =>
				Promise.resolve(
					devices.map((device) => ({
						kind: 'videoinput',
						...device,
						...(isNamed || asked.length > 0 ? {} : { label: '' })
					}))
				),
			getUserMedia: ({ video }: { video: { deviceId?: { exact: string } } }) => {
				asked.push(video.deviceId?.exact);
				const track = { label: 'Front camera', stop: () => stopped.push('Front camera') };
				return Promise.resolve({ getVideoTracks: () => [track], getTracks: () => [track] });
			}
		};
		vi.stubGlobal('window', { isSecureContext: true });
		vi.stubGlobal('navigator', { mediaDevices });
		const source = new CameraSource({ id: 'Door', label: 'Door' }, true);
		await expect(source.start(new AbortController().signal)).rejects.toMatchObject({
			code: 'camera-missing',
			said: 'There is no camera “Door”. Cameras of this device: “Front camera”, “Desk camera”.'
		});
		expect([asked, stopped]).toEqual([wanted, closed]);
	});
});

describe('a busy camera', () => {
	afterEach(() => vi.unstubAllGlobals());

	/** The first camera is held by another program. */
	function stub(): (string | undefined)[] {
		const asked: (string | undefined)[] = [];
		const mediaDevices = {
			enumerateDevices: () => Promise.resolve(devices.map((device) => ({ ...device, kind: 'videoinput' }))),
			getUserMedia: ({ video }: { video: { deviceId?: { exact: string } } }) => {
				const id = video.deviceId?.exact;
				asked.push(id);
				if (id !== 'b2') return Promise.reject(new DOMException('Could not start video source', 'NotReadableError'));
				const track = Object.assign(new EventTarget(), {
					label: 'Desk camera',
					getSettings: () => devices[1],
					stop: vi.fn()
				});
				return Promise.resolve({ getVideoTracks: () => [track], getTracks: () => [track] });
			}
		};
		vi.stubGlobal('window', { isSecureContext: true });
		vi.stubGlobal('navigator', { mediaDevices });
		vi.stubGlobal('document', { createElement: () => ({ play: () => Promise.reject(new Error('no pictures here')) }) });
		vi.stubGlobal('MediaStream', Object);
		return asked;
	}

	it('gives way to the next if none was chosen', async () => {
		const asked = stub();
		const source = new CameraSource(null);
		await source.start(new AbortController().signal).catch(() => undefined);
		expect(source.opened?.label).toBe('Desk camera');
		expect(asked).toEqual([undefined, 'a1', 'b2']);
	});

	it('is reported with the names of all if it was chosen', async () => {
		const asked = stub();
		const source = new CameraSource({ id: 'a1', label: 'Front camera' });
		await expect(source.start(new AbortController().signal)).rejects.toMatchObject({
			code: 'camera-busy',
			said: 'Cameras of this device: “Front camera”, “Desk camera”.'
		});
		expect(asked).toEqual(['a1']);
	});
});

describe('cameraErrorCode', () => {
	it.each([
		['NotAllowedError', 'camera-denied'],
		['SecurityError', 'camera-denied'],
		['NotFoundError', 'camera-missing'],
		['OverconstrainedError', 'camera-missing'],
		['NotReadableError', 'camera-busy'],
		['AbortError', 'camera-busy']
	])('calls %s %s', (name, code) => {
		expect(cameraErrorCode({ name, message: 'Permission denied' }, false)).toBe(code);
		expect(cameraErrorCode({ name, message: 'Permission denied' }, null)).toBe(code);
	});

	it('distinguishes a refusal by the system from one by the visitor', () => {
		const name = 'NotAllowedError';
		expect(cameraErrorCode({ name, message: 'Permission denied by system' }, null)).toBe('camera-off');
		expect(cameraErrorCode({ name, message: 'Permission denied' }, true)).toBe('camera-off');
	});
});
