import { afterEach, describe, expect, it, vi } from 'vitest';
import { CameraSource, cameraErrorCode, findCamera } from '../../../src/lib/sources/camera';

const devices = [
	{ deviceId: 'a1', label: 'Front camera' },
	{ deviceId: 'b2', label: 'Desk camera' }
];

describe('findCamera', () => {
	it('goes by id before it goes by label', () => {
		expect(findCamera(devices, { id: 'b2', label: 'Front camera' })).toBe(devices[1]);
	});

	it('goes by label where the id was renewed', () => {
		expect(findCamera(devices, { id: 'gone', label: 'Desk camera' })).toBe(devices[1]);
	});

	it('gives null where neither is there', () => {
		expect(findCamera(devices, { id: 'gone', label: 'Other' })).toBeNull();
		expect(findCamera(devices, null)).toBeNull();
	});

	it('takes nameless devices, as listed before permission, for no match', () => {
		expect(findCamera([{ deviceId: '', label: '' }], { id: '', label: '' })).toBeNull();
	});
});

describe('a camera that is named', () => {
	afterEach(() => vi.unstubAllGlobals());

	it('is opened the first time, too, when browsers tell no names before one may be used', async () => {
		const asked: (string | undefined)[] = [];
		const stopped: string[] = [];
		const mediaDevices = {
			enumerateDevices: () =>
				Promise.resolve(asked.length > 0 ? devices : devices.map(() => ({ deviceId: '', label: '' }))),
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

describe('cameraErrorCode', () => {
	it.each([
		['NotAllowedError', 'camera-denied'],
		['SecurityError', 'camera-denied'],
		['NotFoundError', 'camera-missing'],
		['OverconstrainedError', 'camera-missing'],
		['NotReadableError', 'camera-busy'],
		['AbortError', 'camera-busy']
	])('%s is %s', (name, code) => {
		expect(cameraErrorCode(name)).toBe(code);
	});
});
