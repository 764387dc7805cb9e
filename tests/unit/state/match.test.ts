import { describe, expect, it } from 'vitest';
import { beginMatch, heldShare, type Match, playMatch, skipMatch, targetOf } from '../../../src/lib/state/match';

/** The game after frames of these probabilities, ten a second. */
const play = (match: Match, shares: readonly number[], fromMs = 0): Match =>
	shares.reduce((game, share, index) => playMatch(game, share, fromMs + 100 * index), match);

describe('Match this face', () => {
	const game = beginMatch(['angry', 'happy', 'sad', 'neutral']);

	it('begins with easy labels, and asks for each one once', () => {
		expect(game.labels).toEqual(['happy', 'neutral', 'angry', 'sad']);
	});

	it('moves on once an expression was held, and counts it', () => {
		const held = play(game, Array<number>(7).fill(0.8));
		expect(targetOf(held)).toBe('happy');
		expect(heldShare(held)).toBeCloseTo(6 / 7);
		const next = playMatch(held, 0.8, 700);
		expect(targetOf(next)).toBe('neutral');
		expect(next.matched).toBe(1);
	});

	it('resets the hold while the face shows something else', () => {
		expect(heldShare(play(game, [0.8, 0.8, 0.8, 0.1, 0.1]))).toBe(0);
	});

	it('counts a pause of the camera as no more than a frame', () => {
		expect(targetOf(play(game, [0.8, 0.8]))).toBe('happy');
		expect(targetOf(playMatch(play(game, [0.8]), 0.8, 60_000))).toBe('happy');
	});

	it('ends after the last, without counting skipped ones', () => {
		const ended = [1, 2, 3, 4].reduce((match) => skipMatch(match), game);
		expect(targetOf(ended)).toBeNull();
		expect(ended.matched).toBe(0);
		expect(targetOf(playMatch(ended, 1, 0))).toBeNull();
	});
});
