import { expect, it } from 'vitest';
import { weights } from '../../../src/lib/components/format';

it('tells in words which odds are multiplied', () => {
	expect(weights(['happy', 'neutral'], [1, 2])).toBe('neutral\u00a0×\u00a02');
	expect(weights(['happy', 'sad', 'neutral'], [1.5, 1, 2])).toBe('happy\u00a0×\u00a01.5 and neutral\u00a0×\u00a02');
	expect(weights(['happy', 'neutral'], [1, 1])).toBe('');
	expect(weights(['happy', 'neutral'], [])).toBe('');
});
