import { afterEach, expect, it, vi } from 'vitest';
import { Reloader } from '../../../../src/lib/state/kiosk/reloader';

afterEach(() => vi.unstubAllGlobals());

const DAY_MS = 86_400_000;

it.each([
	['never', null, -Infinity],
	['a while ago', () => performance.timeOrigin - 5000, -5000],
	['just now, if the clock has been set back since', () => performance.timeOrigin + DAY_MS, 0],
	['never, if what is kept is damaged', () => 'x', -Infinity]
])('the page was last reloaded on purpose: %s', (_, kept, expected) => {
	const text = kept === null ? null : String(kept());
	vi.stubGlobal('sessionStorage', { getItem: () => text });
	expect(new Reloader().reloadedMs).toBe(expected);
});
