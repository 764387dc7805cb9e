import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/lib/errors';
import { arrange, countFilters } from '../../../src/lib/state/gallery';
import { done, face, failed, MODEL, photo } from './results';

const PHOTOS = [
	photo(1, 'b10.jpg', done(face(1, [0.6, 0.4]))),
	photo(2, 'b9.jpg', done(face(1, [0.9, 0.1]), face(2, [0.2, 0.8]))),
	photo(3, 'a.jpg', done()),
	photo(4, 'c.jpg', failed(new AppError('picture-empty', ''))),
	photo(5, 'd.jpg', done(face(1, [0.3, 0.2]))),
	photo(6, 'e.jpg', { kind: 'waiting' })
];
const names = (...options: [Parameters<typeof arrange>[2], Parameters<typeof arrange>[3]]) =>
	arrange(PHOTOS, [MODEL], ...options).map(({ name }) => name);

describe('countFilters', () => {
	it('counts pictures, not faces, in the order of the labels', () => {
		expect(countFilters(PHOTOS, [MODEL])).toEqual([
			{ filter: 'all', count: 6 },
			{ filter: 'label:happy', count: 2 },
			{ filter: 'label:sad', count: 1 },
			{ filter: 'unsure', count: 1 },
			{ filter: 'no-face', count: 1 },
			{ filter: 'unread', count: 1 }
		]);
	});

	it('follows the threshold', () => {
		const counts = countFilters(PHOTOS, [{ ...MODEL, unsureBelow: 0.7 }]);
		expect(counts).toContainEqual({ filter: 'unsure', count: 2 });
		expect(counts).toContainEqual({ filter: 'label:happy', count: 1 });
	});
});

describe('a gallery of several models', () => {
	const contrary = { ...MODEL, id: 'contrary' };
	/** A face with the second model's reading too. */
	const readTwice = (id: number, first: number[], second: number[]) => {
		const { readings, ...rest } = face(id, first);
		const again = face(id, second).readings['mien'];
		return { ...rest, readings: { ...readings, ...(again && { contrary: again }) } };
	};
	const photos = [
		photo(1, 'a.jpg', done(readTwice(1, [0.6, 0.4], [0.8, 0.2]))),
		photo(2, 'b.jpg', done(readTwice(1, [0.6, 0.4], [0.8, 0.2]), readTwice(2, [0.3, 0.7], [0.8, 0.2]))),
		photo(3, 'c.jpg', done(face(1, [0.6, 0.4])))
	];

	it('compares them face by face, and counts by the labels of the first', () => {
		expect(countFilters(photos, [MODEL, contrary])).toContainEqual({ filter: 'differ', count: 1 });
		expect(countFilters(photos, [contrary, MODEL])).not.toContainEqual(
			expect.objectContaining({ filter: 'label:sad' })
		);
		expect(arrange(photos, [MODEL, contrary], 'differ', 'added').map(({ name }) => name)).toEqual(['b.jpg']);
	});
});

describe('arrange', () => {
	it('filters pictures', () => {
		expect(names('label:happy', 'added')).toEqual(['b10.jpg', 'b9.jpg']);
		expect(names('unread', 'added')).toEqual(['c.jpg']);
		expect(names('no-face', 'added')).toEqual(['a.jpg']);
	});

	it('sorts names naturally', () => {
		expect(names('all', 'name')).toEqual(['a.jpg', 'b9.jpg', 'b10.jpg', 'c.jpg', 'd.jpg', 'e.jpg']);
	});

	it('sorts by the probability of the filtered label, and by the number of faces', () => {
		expect(names('label:happy', 'probability')).toEqual(['b9.jpg', 'b10.jpg']);
		expect(names('label:sad', 'probability')).toEqual(['b9.jpg']);
		const sadder = [
			photo(1, 'both.jpg', done(face(1, [0.99, 0.01]), face(2, [0.45, 0.55]))),
			photo(2, 'none.jpg', done()),
			photo(3, 'sad.jpg', done(face(1, [0.2, 0.8])))
		];
		const order = (filter: 'all' | 'label:sad') =>
			arrange(sadder, [MODEL], filter, 'probability').map(({ name }) => name);
		expect(order('label:sad')).toEqual(['sad.jpg', 'both.jpg']);
		expect(order('all')).toEqual(['both.jpg', 'sad.jpg', 'none.jpg']);
		expect(names('all', 'faces').slice(0, 3)).toEqual(['b9.jpg', 'b10.jpg', 'd.jpg']);
	});

	it('does not modify the list', () => {
		names('all', 'name');
		expect(PHOTOS.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6]);
	});
});
