/** Codes of people beside a film that was read. */
import { EXPLANATIONS, toAppError } from '../../errors';
import { parseCodes, readRows, subjectsOf, type Code } from './codes';
import { compareCodes, type CodeAgreement } from './compare-codes';
import type { Film } from './film.svelte';
import type { FilmView } from './view.svelte';

const ALL = '';

export class Coding {
	readonly #film: Film;
	readonly #view: () => FilmView;
	#fileName: string | null = $state.raw(null);
	#codes: readonly Code[] | null = $state.raw(null);
	#problem: (typeof EXPLANATIONS)[keyof typeof EXPLANATIONS] | null = $state.raw(null);
	#person = $state('');
	#subject = $state(ALL);

	constructor(film: Film, view: () => FilmView) {
		this.#film = film;
		this.#view = view;
	}

	readonly people = $derived.by(() => {
		return this.#film.shownPeople.map(({ id, name }) => ({ value: String(id), title: name }));
	});
	/** The one who is seen longest, until another one is chosen. */
	readonly person: string = $derived.by(() => {
		if (this.people.some(({ value }) => value === this.#person)) return this.#person;
		const [longest] = this.#film.shownPeople.toSorted((a, b) => b.rows - a.rows);
		return longest === undefined ? '' : String(longest.id);
	});
	readonly subjects = $derived.by(() => {
		const names = subjectsOf(this.#codes ?? []);
		return [{ value: ALL, title: 'All codes' }, ...names.map((name) => ({ value: name, title: name }))];
	});
	readonly subject: string = $derived(this.subjects.some(({ value }) => value === this.#subject) ? this.#subject : ALL);
	readonly agreement: CodeAgreement | null = $derived.by(() => {
		const person = this.#film.shownPeople.find(({ id }) => String(id) === this.person);
		if (this.#codes === null || person === undefined) return null;
		const codes = this.#codes.filter(({ subject }) => this.subject === ALL || subject === this.subject);
		const view = this.#view();
		return compareCodes(view.episodesOf(person), codes, view.labels);
	});

	get fileName(): string | null {
		return this.#fileName;
	}

	get problem(): { readonly sentence: string; readonly remedy: string } | null {
		return this.#problem;
	}

	/** Reads a table of codes; what is wrong with it becomes the problem. */
	async read(file: File): Promise<void> {
		this.#fileName = file.name;
		try {
			this.#codes = parseCodes(await readRows(await file.text()), this.#film.info?.endS ?? 0);
			this.#problem = null;
		} catch (thrown) {
			this.#codes = null;
			this.#problem = EXPLANATIONS[toAppError(thrown, 'codes-unreadable').code];
		}
	}

	choosePerson(value: string): void {
		this.#person = value;
	}

	chooseSubject(value: string): void {
		this.#subject = value;
	}
}
