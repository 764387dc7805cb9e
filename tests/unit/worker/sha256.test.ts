import { createHash } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import { sha256 } from '../../../src/lib/worker/sha256';

const BYTES = Uint8Array.from({ length: 1000 }, (_, index) => (index * 31) % 251);
const REFERENCE = createHash('sha256').update(BYTES).digest('hex');

afterEach(() => vi.unstubAllGlobals());

it('sha256 gives the same hash as Node', async () => {
	expect(await sha256(BYTES)).toBe(REFERENCE);
});

it('sha256 works in a browser that gives a page no cryptography', async () => {
	vi.stubGlobal('crypto', {});
	expect(await sha256(BYTES)).toBe(REFERENCE);
});
