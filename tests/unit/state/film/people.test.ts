import { describe, expect, it } from 'vitest';
import {
	groupFaces,
	hide,
	merge,
	NO_EDITS,
	rename,
	separate,
	type PeopleEdits
} from '../../../../src/lib/state/film/people';
import { FaceNumbers } from '../../../../src/lib/state/film/face-numbers';
import type { FilmTable } from '../../../../src/lib/state/film/table';
import { faceWith, filmOf, stretch } from './film-table';

const groups = (table: FilmTable, edits: PeopleEdits = NO_EDITS) =>
	groupFaces(table, edits).map(({ faceIds }) => faceIds);
const person = (table: FilmTable, edits: PeopleEdits, id: number) => {
	const found = groupFaces(table, edits).find((each) => each.faceIds.includes(id));
	if (found === undefined) throw new Error(`nobody has face ${id}`);
	return found;
};

describe('persons of a film', () => {
	it('are one if a face soon returns to its place', () => {
		expect(groups(filmOf([...stretch(5, 0.9, 1), ...stretch(20, null), ...stretch(5, 0.9, 2)]))).toEqual([[1, 2]]);
	});

	it('are two if it returns late, or elsewhere', () => {
		expect(groups(filmOf([...stretch(5, 0.9, 1), ...stretch(60, null), ...stretch(5, 0.9, 2)]))).toEqual([[1], [2]]);
		const elsewhere = Array.from({ length: 5 }, () => [faceWith(2, 0.9, 400)]);
		expect(groups(filmOf([...stretch(5, 0.9, 1), ...stretch(5, null), ...elsewhere]))).toEqual([[1], [2]]);
	});

	it('are two while both are visible', () => {
		const both = Array.from({ length: 5 }, () => [faceWith(1, 0.9), faceWith(2, 0.9, 110)]);
		expect(groups(filmOf(both))).toEqual([[1], [2]]);
	});

	it('are not merged if the face could be either of two', () => {
		const two = Array.from({ length: 5 }, () => [faceWith(1, 0.9, 100), faceWith(2, 0.9, 115)]);
		expect(groups(filmOf([...two, ...stretch(5, null), [faceWith(3, 0.9, 107)]]))).toEqual([[1], [2], [3]]);
	});

	const TWO = filmOf([[faceWith(1, 0.9), faceWith(2, 0.9, 500)], [faceWith(2, 0.9, 500)]]);

	it('are merged by the visitor, keep a given name, and can be separated again', () => {
		const named = rename(NO_EDITS, person(TWO, NO_EDITS, 2), '  Ada ');
		const merged = merge(named, person(TWO, named, 1), person(TWO, named, 2));
		expect(groupFaces(TWO, merged)).toMatchObject([{ id: 1, faceIds: [1, 2], name: 'Ada', rows: 3 }]);
		const parted = separate(merged, person(TWO, merged, 1));
		expect(groups(TWO, parted)).toEqual([[1], [2]]);
	});

	it('are as they were before, with their names, when what the visitor merged is separated', () => {
		// The first two are one by place.
		const table = filmOf([
			...stretch(5, 0.9, 1),
			...stretch(5, null),
			...stretch(5, 0.9, 2),
			[faceWith(3, 0.9, 900), faceWith(4, 0.9, 500)]
		]);
		let edits = NO_EDITS;
		for (const [id, name] of [
			[1, 'Ada'],
			[3, 'Bob'],
			[4, 'Eve']
		] as const)
			edits = rename(edits, person(table, edits, id), name);
		const before = groupFaces(table, edits);
		edits = merge(edits, person(table, edits, 3), person(table, edits, 4));
		edits = merge(edits, person(table, edits, 3), person(table, edits, 1));
		expect(groupFaces(table, edits)).toMatchObject([{ faceIds: [1, 2, 3, 4], name: 'Bob' }]);
		edits = separate(edits, person(table, edits, 1));
		expect(groupFaces(table, edits)).toEqual(before);
		expect(groups(table, separate(edits, person(table, edits, 1)))).toEqual([[1], [2], [3], [4]]);
	});

	it('can be separated if they were merged only by place', () => {
		const table = filmOf([...stretch(5, 0.9, 1), ...stretch(5, null), ...stretch(5, 0.9, 2)]);
		expect(groups(table, separate(NO_EDITS, person(table, NO_EDITS, 1)))).toEqual([[1], [2]]);
	});

	it('lose a removed name, and can be hidden and shown', () => {
		const named = rename(NO_EDITS, person(TWO, NO_EDITS, 1), 'Ada');
		expect(person(TWO, rename(named, person(TWO, named, 1), ' '), 1)).toMatchObject({
			name: 'Person 1',
			isNamed: false
		});
		const hidden = hide(NO_EDITS, person(TWO, NO_EDITS, 2), true);
		expect(groupFaces(TWO, hidden).map((each) => each.hidden)).toEqual([false, true]);
		expect(person(TWO, hide(hidden, person(TWO, hidden, 2), false), 2).hidden).toBe(false);
	});
});

describe('face numbers of a film', () => {
	it('count from 1 in each film, and continue when it is resumed', () => {
		const numbers = new FaceNumbers();
		expect([41, 43, 41].map((id) => numbers.of(id))).toEqual([1, 2, 1]);
		numbers.forget();
		expect(numbers.of(41)).toBe(3);
		numbers.continueFrom(9);
		expect(numbers.of(41)).toBe(10);
	});
});
