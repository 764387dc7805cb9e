import { describe, expect, it } from 'vitest';
import { hasMirrorView, isMirrorView, singleViews, withView } from '../../../../src/lib/components/shared/model-views';
import type { ClassifierEntry } from '../../../../src/lib/manifest';

const entry = (id: string, model: string, mirrored: boolean): ClassifierEntry =>
	({ id, model, mirrored }) as unknown as ClassifierEntry;
const ALL = [entry('small', 'small', false), entry('large', 'large', false), entry('small-mirrored', 'small', true)];

describe('the average with the mirror image', () => {
	it('is not a model of its own: each model is offered once', () => {
		expect(singleViews(ALL).map(({ id }) => id)).toEqual(['small', 'large']);
	});

	it('is switched on and off, and left alone if a model has none', () => {
		expect(withView(ALL, 'small', true)).toBe('small-mirrored');
		expect(withView(ALL, 'small-mirrored', false)).toBe('small');
		expect(withView(ALL, 'large', true)).toBe('large');
		expect(withView(ALL, 'unknown', true)).toBe('unknown');
	});

	it('is offered if one of the running models has it, and is on if one uses it', () => {
		expect(hasMirrorView(ALL, ['large', 'small'])).toBe(true);
		expect(hasMirrorView(ALL, ['large'])).toBe(false);
		expect(isMirrorView(ALL, ['large', 'small-mirrored'])).toBe(true);
		expect(isMirrorView(ALL, ['large', 'small'])).toBe(false);
	});
});
