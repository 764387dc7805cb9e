import { expect, it } from 'vitest';
import { classifiersOf, type Manifest } from '../../src/lib/manifest';

const MANIFEST = {
	models: [
		{
			...{ id: 'small', title: 'Small', labels: ['a'], bytes: 10, parameters: 3, multiplyAdds: 5 },
			...{ unsureBelow: 0.5, metrics: {}, priorRatio: { photo: [2], live: [3] }, trained: { base: 'scratch' } }
		},
		{
			...{ id: 'large', title: 'Large', labels: ['a'], bytes: 100, parameters: 30, multiplyAdds: 50 },
			...{ unsureBelow: 0.5, metrics: {}, trained: { base: 'other' } },
			mirrored: { temperature: 2, unsureBelow: 0.6, metrics: { public: { accuracy: 1 } } }
		}
	]
} as unknown as Manifest;

it('offers each model, and again averaged with its mirror image if it has that view', () => {
	const all = classifiersOf(MANIFEST);
	expect(all.map(({ id, model, mirrored, place }) => [id, model, mirrored, place])).toEqual([
		['small', 'small', false, 0],
		['large', 'large', false, 1],
		['large-mirrored', 'large', true, 1]
	]);
	expect(all.map(({ title, bytes, multiplyAdds }) => [title, bytes, multiplyAdds])).toEqual([
		['Small', 10, 5],
		['Large', 100, 50],
		['Large, mirrored', 100, 100]
	]);
	expect(all.map(({ unsureBelow }) => unsureBelow)).toEqual([0.5, 0.5, 0.6]);
	expect(all[2]?.metrics).toEqual({ public: { accuracy: 1 } });
	expect(all[2]?.trained.base).toBe('other');
});
