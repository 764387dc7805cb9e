import { expect, it } from 'vitest';
import type { Manifest } from '../../../src/lib/manifest';
import { classifiersOf } from '../../../src/lib/state/classifiers';

const MANIFEST = {
	models: [
		{ id: 'small', labels: ['a'], bytes: 10, parameters: 3, multiplyAdds: 5, trained: { base: 'scratch' } },
		{ id: 'large', labels: ['a'], bytes: 100, parameters: 30, multiplyAdds: 50, trained: { base: 'other' } }
	],
	ensembles: [
		{
			id: 'both',
			title: 'Both',
			members: ['small', 'large'],
			mirrored: true,
			temperature: 1,
			priorRatio: { photo: [2], live: [3] },
			metrics: {}
		},
		{ id: 'again', title: 'Again', members: ['large'], mirrored: true, temperature: 1, metrics: {} },
		{ id: 'plain', title: 'Plain', members: ['small', 'large'], mirrored: false, temperature: 1, metrics: {} }
	]
} as unknown as Manifest;

it('lists models, then ensembles as what their members are together', () => {
	const all = classifiersOf(MANIFEST);
	expect(all.map(({ id, bytes, parameters, multiplyAdds }) => [id, bytes, parameters, multiplyAdds])).toEqual([
		['small', 10, 3, 5],
		['large', 100, 30, 50],
		['both', 110, 33, 110],
		['again', 100, 30, 100],
		['plain', 110, 33, 55]
	]);
	expect(all.map(({ members }) => members)).toEqual([
		['small'],
		['large'],
		['small', 'large'],
		['large'],
		['small', 'large']
	]);
	expect(all.map(({ mirrored }) => mirrored)).toEqual([false, false, true, true, false]);
	expect(all.map(({ priorRatio }) => priorRatio)).toEqual([
		undefined,
		undefined,
		{ photo: [2], live: [3] },
		undefined,
		undefined
	]);
	expect(all.map(({ trained }) => trained?.base)).toEqual(['scratch', 'other', undefined, undefined, undefined]);
});
