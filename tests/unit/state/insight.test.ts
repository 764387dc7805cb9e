import { describe, expect, it, vi } from 'vitest';
import type { Explanation } from '../../../src/lib/core/types';
import { Insight } from '../../../src/lib/state/insight.svelte';
import { face, frame } from './results';

const EXPLANATION: Explanation = {
	label: 0,
	score: 0.9,
	cells: 1,
	map: Float32Array.of(0.1),
	evidence: Float32Array.of(1)
};
const seen = (id: number, sizePx = 40) => {
	const base = face(id, [0.9, 0.1]);
	return { ...base, box: { ...base.box, width: sizePx }, input: Uint8Array.of(id) };
};

function setUp() {
	let nowMs = 0;
	const asked: number[] = [];
	const answers: { resolve: (explanation: Explanation) => void; reject: (error: Error) => void }[] = [];
	const insight = new Insight({
		explain: (input) => {
			asked.push(input[0] ?? -1);
			return new Promise((resolve, reject) => answers.push({ resolve, reject }));
		},
		now: () => nowMs
	});
	const settled = () => new Promise((resolve) => setTimeout(resolve));
	const answer = async (tookMs: number) => {
		nowMs += tookMs;
		answers.shift()?.resolve(EXPLANATION);
		await settled();
	};
	const fail = async () => {
		answers.shift()?.reject(new Error('gone'));
		await settled();
	};
	return { insight, asked, answer, fail, pass: (ms: number) => (nowMs += ms) };
}

describe('Insight', () => {
	it('asks for nothing while closed', () => {
		const { insight, asked } = setUp();
		insight.look(frame([seen(1)]));
		expect(asked).toEqual([]);
		insight.setOpen(true);
		expect(asked).toEqual([1]);
	});

	it('asks one question at a time, and leaves three quarters of the time to the frames', async () => {
		const { insight, asked, answer, pass } = setUp();
		insight.setOpen(true);
		insight.look(frame([seen(1)]));
		insight.look(frame([seen(2)]));
		expect(asked).toEqual([1]);
		await answer(200);
		pass(100);
		insight.look(frame([seen(3)]));
		expect(asked).toEqual([1]);
		pass(600);
		await vi.waitFor(() => expect(asked.length).toBe(2), 3000);
		expect(insight.explained?.explanation).toEqual(EXPLANATION);
	});

	it('looks at the largest face until one is chosen, and again when that has gone', () => {
		const { insight } = setUp();
		insight.look(frame([seen(1, 30), seen(2, 60)]));
		expect(insight.face?.id).toBe(2);
		insight.choose(1);
		expect(insight.face?.id).toBe(1);
		insight.look(frame([seen(2, 60)]));
		expect(insight.face?.id).toBe(2);
	});

	it('drops an answer about a face that is no longer shown or chosen', async () => {
		const { insight, asked, answer, pass } = setUp();
		insight.setOpen(true);
		insight.look(frame([seen(1, 60), seen(2, 30)]));
		insight.choose(2);
		await answer(10);
		expect(insight.explained).toBeNull();
		pass(10_000);
		await vi.waitFor(() => expect(asked).toEqual([1, 2]), 3000);
		insight.look(null);
		await answer(10);
		expect(insight.explained).toBeNull();
	});

	it('asks again about a still if the answer failed', async () => {
		const { insight, asked, fail, pass } = setUp();
		insight.setOpen(true);
		insight.look(frame([seen(1)]));
		await fail();
		pass(10_000);
		await vi.waitFor(() => expect(asked).toEqual([1, 1]), 3000);
	});
});
