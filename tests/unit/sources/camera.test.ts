import { describe, expect, it } from 'vitest';
import { cameraErrorCode, findCamera } from '../../../src/lib/sources/camera';

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
