import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { computeSha256, sha256 } from '../../../src/lib/worker/sha256';

function reference(bytes: Uint8Array): string {
	return createHash('sha256').update(bytes).digest('hex');
}

function pattern(length: number): Uint8Array<ArrayBuffer> {
	return Uint8Array.from({ length }, (_, index) => (index * 31) % 251);
}

afterEach(() => vi.unstubAllGlobals());

// Around the lengths at which the padding takes another block.
describe.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 100_000])('SHA-256 of %i bytes', (length) => {
	it('is the one of Node', async () => {
		const bytes = pattern(length);
		expect(computeSha256(bytes)).toBe(reference(bytes));
		expect(await sha256(bytes)).toBe(reference(bytes));
	});
});

it('needs nothing of a browser that gives a page no cryptography', async () => {
	vi.stubGlobal('crypto', {});
	expect(await sha256(pattern(1000))).toBe(reference(pattern(1000)));
});
