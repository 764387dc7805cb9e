/** People's codes for a film that was read. */
import { EXPLANATIONS, toAppError } from '../../errors';
import { parseCodes, readRows, readText, subjectsOf, type CodeTable } from './codes';
import { compareCodes, type CodeAgreement } from './compare-codes';
import type { Film } from './film.svelte';
import type { FilmView } from './view.svelte';

const ALL = '';
/** Shorter overlaps come from people who code while the film plays. */
const LEAST_OVERLAP_S = 0.5;
const OVERLAP_REMEDY = 'choose whose codes to compare, or leave one of them out of the table.';

export class Coding {
	readonly #film: Film;
	readonly #view: () => FilmView;
	#fileName: string | null = $state.raw(null);
	#table: CodeTable | null = $state.raw(null);
	#problem: string | null = $state.raw(null);
	#person = $state('');
	#subject = $state(ALL);

	constructor(film: Film, view: () => FilmView) {
		this.#film = film;
		this.#view = view;
	}

	readonly people = $derived.by(() => {
		return this.#film.shownPeople.map(({ id, name }) => ({ value: String(id), title: name }));
	});
	/** The person seen longest, until another one is chosen. */
	readonly person: string = $derived.by(() => {
		if (this.people.some(({ value }) => value === this.#person)) return this.#person;
		const [longest] = this.#film.shownPeople.toSorted((a, b) => b.rows - a.rows);
		return longest === undefined ? '' : String(longest.id);
	});
	readonly subjects = $derived.by(() => {
		const names = subjectsOf(this.#table?.codes ?? []);
		return [{ value: ALL, title: 'All codes' }, ...names.map((name) => ({ value: name, title: name }))];
	});
	readonly subject: string = $derived(this.subjects.some(({ value }) => value === this.#subject) ? this.#subject : ALL);
	readonly agreement: CodeAgreement | null = $derived.by(() => {
		const person = this.#film.shownPeople.find(({ id }) => String(id) === this.person);
		if (this.#table === null || person === undefined) return null;
		const codes = this.#table.codes.filter(({ subject }) => this.subject === ALL || subject === this.subject);
		const view = this.#view();
		return compareCodes(view.episodesOf(person), codes, view.labels);
	});

	get fileName(): string | null {
		return this.#fileName;
	}

	/** Why the table could not be read, and what to do. */
	get problem(): string | null {
		return this.#problem;
	}

	/** What in the table counts differently than it may seem, in sentences. */
	readonly notes: readonly string[] = $derived.by(() => {
		if (this.#table === null) return [];
		const { leftOut, late, isGuessedMs } = this.#table;
		const overlapS = this.agreement?.overlapS ?? 0;
		return [
			...(isGuessedMs
				? ['Its times were taken for milliseconds: the film is far too short for that many seconds.']
				: []),
			...(leftOut > 0 ? [`Rows left out, without a start and a later stop, or without a label: ${leftOut}.`] : []),
			...(late > 0 ? [`Codes that begin after the end of the film: ${late}.`] : []),
			...(overlapS >= LEAST_OVERLAP_S
				? [`Codes overlap for ${overlapS.toFixed(1)} s, which count for each of them: ${OVERLAP_REMEDY}`]
				: [])
		];
	});

	/** Reads a table of codes; what is wrong with it becomes the problem. */
	async read(file: File): Promise<void> {
		this.#fileName = file.name;
		try {
			this.#table = parseCodes(
				await readRows(readText(new Uint8Array(await file.arrayBuffer()))),
				this.#film.info?.endS ?? 0
			);
			this.#problem = null;
		} catch (thrown) {
			this.#table = null;
			const { code, said } = toAppError(thrown, 'codes-unreadable');
			this.#problem = said ?? `${EXPLANATIONS[code].sentence} ${EXPLANATIONS[code].remedy}`;
		}
	}

	choosePerson(value: string): void {
		this.#person = value;
	}

	chooseSubject(value: string): void {
		this.#subject = value;
	}
}
