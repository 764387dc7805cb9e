/** Whose face is whose: ids that follow each other in one place, and what the visitor says about them. */
import type { Box } from '../../core/types';
import type { FilmTable } from './table';

/** A face that comes back within this time, near where it left, is taken for the same. */
const ABSENCE_S = 4;
/** How far from there, in face sizes, and how much larger or smaller. */
const REACH = 1;
const MOST_RESIZING = 1.6;

/** What the visitor changed. */
export interface PeopleEdits {
	/** Pairs of face ids that are one person, with the name of the first. */
	readonly merged: readonly (readonly [faceId: number, other: number])[];
	/** Face ids that are not joined with earlier ones, whatever the places say. */
	readonly separated: readonly number[];
	/** By face id: its person's name. */
	readonly names: Readonly<Partial<Record<number, string>>>;
	/** Face ids whose persons are left out. */
	readonly hidden: readonly number[];
}

export const NO_EDITS: PeopleEdits = { merged: [], separated: [], names: {}, hidden: [] };

export interface Person {
	/** The lowest of its face ids. */
	readonly id: number;
	readonly faceIds: readonly number[];
	readonly name: string;
	/** Whether the visitor gave that name. */
	readonly isNamed: boolean;
	readonly hidden: boolean;
	/** Approximate number of analysed frames with it: a frame that shows two of its faces counts twice. */
	readonly rows: number;
}

/**
 * The persons of a film, in order of their ids. Joins faces that soon come back at about the place and size at which
 * one left, if no other could be meant, and those that the visitor merged.
 */
export function groupFaces(table: FilmTable, edits: PeopleEdits): Person[] {
	const ids = table.faceIds;
	const parent = new Map(ids.map((id) => [id, id]));
	const rootOf = (id: number): number => {
		let root = id;
		while (parent.get(root) !== root) root = parent.get(root) ?? root;
		return root;
	};
	const join = (a: number, b: number): void => {
		if (!parent.has(a) || !parent.has(b)) return;
		const [low, high] = [rootOf(a), rootOf(b)].sort((x, y) => x - y) as [number, number];
		parent.set(high, low);
	};
	for (const [before, after] of returns(table)) if (!edits.separated.includes(after)) join(before, after);
	for (const [a, b] of edits.merged) join(a, b);

	const others = new Set(edits.merged.map(([, other]) => other));
	const groups = new Map<number, number[]>();
	for (const id of ids.toSorted((a, b) => a - b)) {
		const root = rootOf(id);
		groups.set(root, [...(groups.get(root) ?? []), id]);
	}
	return [...groups.values()]
		.map((faceIds): Person => {
			const id = Math.min(...faceIds);
			const name = faceIds
				.toSorted((a, b) => Number(others.has(a)) - Number(others.has(b)))
				.map((each) => edits.names[each])
				.find((each) => each !== undefined && each !== '');
			return {
				id,
				faceIds,
				name: name ?? `Person ${id}`,
				isNamed: name !== undefined,
				hidden: faceIds.some((each) => edits.hidden.includes(each)),
				rows: faceIds.reduce((sum, each) => sum + (table.spanOf(each)?.rows ?? 0), 0)
			};
		})
		.sort((a, b) => a.id - b.id);
}

export function byFaceId(people: readonly Person[]): ReadonlyMap<number, Person> {
	return new Map(people.flatMap((person) => person.faceIds.map((id) => [id, person] as const)));
}

/** Pairs of a face that left and the one that it came back as. */
function returns(table: FilmTable): [before: number, after: number][] {
	const faces = table.faceIds.map((id) => {
		const { first, last } = table.spanOf(id) ?? { first: 0, last: 0 };
		return { id, fromS: table.timeAt(first), toS: table.timeAt(last), first, last };
	});
	const pairs = faces.flatMap((after) => {
		const candidates = faces.filter(
			(before) => before.toS < after.fromS && after.fromS - before.toS <= ABSENCE_S && before.id !== after.id
		);
		const near = candidates.filter((before) =>
			isNear(boxIn(table, before.last, before.id), boxIn(table, after.first, after.id))
		);
		const [only] = near;
		return only !== undefined && near.length === 1 ? [[only.id, after.id] as const] : [];
	});
	// If one face could have come back as two, neither is joined with it.
	return pairs
		.filter(([before]) => pairs.filter(([other]) => other === before).length === 1)
		.map(([before, after]) => [before, after]);
}

function boxIn(table: FilmTable, index: number, faceId: number): Box | null {
	const [from, to] = table.rowsOf(index);
	for (let row = from; row < to; row++) if (table.faceIdAt(row) === faceId) return table.boxAt(row);
	return null;
}

function isNear(a: Box | null, b: Box | null): boolean {
	if (a === null || b === null) return false;
	const [sizeA, sizeB] = [(a.width + a.height) / 2, (b.width + b.height) / 2];
	const distance = Math.hypot(a.x + a.width / 2 - b.x - b.width / 2, a.y + a.height / 2 - b.y - b.height / 2);
	const resizing = Math.max(sizeA, sizeB) / Math.max(1e-6, Math.min(sizeA, sizeB));
	return distance <= REACH * Math.max(sizeA, sizeB) && resizing <= MOST_RESIZING;
}

/** The edits after two persons are merged; the first one's name takes precedence. */
export function merge(edits: PeopleEdits, into: Person, other: Person): PeopleEdits {
	return { ...edits, merged: [...edits.merged, [into.id, other.id]] };
}

/** The edits after what the visitor merged is as it was before, or a person joined by place is split into its faces. */
export function separate(edits: PeopleEdits, person: Person): PeopleEdits {
	const isOf = (id: number): boolean => person.faceIds.includes(id);
	const merged = edits.merged.filter(([a]) => !isOf(a));
	if (merged.length < edits.merged.length) return { ...edits, merged };
	return {
		...edits,
		separated: [...new Set([...edits.separated, ...person.faceIds.slice(1)])],
		names: Object.fromEntries(
			Object.entries(edits.names).filter(([id]) => Number(id) === person.id || !isOf(Number(id)))
		)
	};
}

/** The edits after a person is renamed; an empty name removes it. */
export function rename(edits: PeopleEdits, person: Person, name: string): PeopleEdits {
	const others = Object.entries(edits.names).filter(([id]) => !person.faceIds.includes(Number(id)));
	const trimmed = name.trim();
	return { ...edits, names: { ...Object.fromEntries(others), ...(trimmed !== '' && { [person.id]: trimmed }) } };
}

/** The edits after a person is hidden, or shown again. */
export function hide(edits: PeopleEdits, person: Person, hidden: boolean): PeopleEdits {
	const others = edits.hidden.filter((id) => !person.faceIds.includes(id));
	return { ...edits, hidden: hidden ? [...others, person.id] : others };
}
