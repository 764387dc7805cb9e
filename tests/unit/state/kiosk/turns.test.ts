import { afterEach, expect, it, vi } from 'vitest';
import { takeTurns } from '../../../../src/lib/state/kiosk/turns';

afterEach(() => vi.unstubAllGlobals());

it.each([
	['there are none', undefined],
	['the browser refuses them', { request: () => Promise.reject(new DOMException('denied', 'SecurityError')) }]
])('a turn comes at once and lasts without locks, as %s', async (_, locks) => {
	vi.spyOn(console, 'warn').mockImplementation(() => undefined);
	vi.stubGlobal('navigator', { locks });
	const stopped = new AbortController();
	const said: string[] = [];
	const begin = () => {
		said.push('begun');
		return () => {
			said.push('ended');
			return Promise.resolve();
		};
	};
	takeTurns('camera', begin, stopped.signal);
	await expect.poll(() => said).toEqual(['begun']);
	stopped.abort();
	await expect.poll(() => said).toEqual(['begun', 'ended']);
});
