import { afterEach, describe, expect, it, vi } from 'vitest';
import { eraseUnsent, keepUnsent, readUnsent } from '../../../src/lib/state/kiosk/unsent';
import { emptyMinute } from '../../../src/lib/state/kiosk/minutes';
import { localStore } from '../../../src/lib/state/storage';

afterEach(() => vi.unstubAllGlobals());

describe('localStore', () => {
	it('is shared by all who ask, even if the browser stores nothing', () => {
		vi.stubGlobal('localStorage', undefined);
		Object.defineProperty(globalThis, 'localStorage', {
			configurable: true,
			get: () => {
				throw new DOMException('blocked', 'SecurityError');
			}
		});
		localStore().setItem('other', 'stays');
		keepUnsent(localStore(), 'door', [emptyMinute(0)]);
		expect(readUnsent(localStore(), 'door')).toHaveLength(1);
		eraseUnsent(localStore());
		expect(readUnsent(localStore(), 'door')).toEqual([]);
		expect(localStore().getItem('other')).toBe('stays');
	});
});
