import { describe, expect, it } from 'vitest';
import type { BackendReport } from '../../../src/lib/protocol';
import { forgetBackend, keepBackend } from '../../../src/lib/state/known-backend';

const DAY_MS = 24 * 3_600_000;
const report: BackendReport = { chosen: 'wasm', reason: 'The fastest.', trials: [], threads: 1 };

function createStorage() {
	const items = new Map<string, string>();
	return {
		kept: () => JSON.parse(items.get('mien.backend') ?? 'null') as unknown,
		getItem: (key: string) => items.get(key) ?? null,
		setItem: (key: string, value: string) => void items.set(key, value),
		removeItem: (key: string) => void items.delete(key)
	};
}

describe('the stored back end of an earlier visit', () => {
	it('is kept for a week, and not extended by use', () => {
		const storage = createStorage();
		keepBackend(storage, report, 'browser 1', 0);
		const first = { report, agent: 'browser 1', untilMs: 7 * DAY_MS };
		expect(storage.kept()).toEqual(first);
		keepBackend(storage, { ...report, reason: 'Another.' }, 'browser 1', 6 * DAY_MS);
		expect(storage.kept()).toEqual(first);
		keepBackend(storage, report, 'browser 1', 8 * DAY_MS);
		expect(storage.kept()).toMatchObject({ untilMs: 15 * DAY_MS });
	});

	it('is replaced by another one, and by the result of another browser', () => {
		const storage = createStorage();
		keepBackend(storage, report, 'browser 1', 0);
		keepBackend(storage, { ...report, chosen: 'cpu' }, 'browser 1', 1);
		expect(storage.kept()).toMatchObject({ report: { chosen: 'cpu' } });
		keepBackend(storage, { ...report, chosen: 'cpu' }, 'browser 2', 2);
		expect(storage.kept()).toMatchObject({ agent: 'browser 2' });
		forgetBackend(storage);
		expect(storage.kept()).toBeNull();
	});

	it('causes no error if nothing can be stored', () => {
		const broken = {
			getItem: () => 'no JSON',
			setItem: () => undefined,
			removeItem: () => {
				throw new Error('blocked');
			}
		};
		expect(() => {
			keepBackend(broken, report, 'browser 1', 0);
			forgetBackend(broken);
		}).not.toThrow();
	});
});
