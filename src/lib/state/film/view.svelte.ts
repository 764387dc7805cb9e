/** What is shown of a film's timeline: the part of the time, the curves, the lanes. */
import { episodesOf, isLost, labelAt, rowOf, sections, type Range, type ToldLabels } from './episodes';
import { figuresOf, type Figures, type Scope } from './figures';
import { figuresToCsv } from './figures-csv';
import type { Film } from './film.svelte';
import { binLane, type Bin } from './lanes';
import type { Person } from './people';

/** Steps of a lane: about as many as it has pixels. */
const STEPS = 600;
/** The shortest time that is shown: a few frames. */
const LEAST_S = 0.2;
/** All persons together. */
const EVERYBODY = 'all';
const WHOLE_FILM = 'whole';

export interface Lane {
	readonly id: number;
	readonly name: string;
	readonly picture: string | null;
	readonly steps: readonly (Bin | null)[];
}

export class FilmView {
	readonly #film: Film;
	readonly #told: () => ToldLabels;
	#window: Range | null = $state.raw(null);
	#only: string | null = $state.raw(null);
	#person = $state(EVERYBODY);
	#part = $state(WHOLE_FILM);
	/** Start of an excluded range whose end is not set yet. */
	#openS: number | null = $state.raw(null);

	/** `told`: the model whose labels are shown. */
	constructor(film: Film, told: () => ToldLabels) {
		this.#film = film;
		this.#told = told;
	}

	readonly whole: Range = $derived.by(() => {
		const { startS = 0, endS = 1 } = this.#film.info ?? {};
		const { fromS, toS } = this.#film.range;
		return toS > fromS ? { fromS, toS } : { fromS: startS, toS: endS };
	});
	readonly window: Range = $derived(this.#window ?? this.whole);
	readonly endS: number = $derived.by(() => {
		return this.#film.info?.endS ?? 0;
	});
	readonly lanes: readonly Lane[] = $derived.by(() => {
		const { table, shownPeople, pictures } = this.#film;
		const told = this.#told();
		return shownPeople.map((person): Lane => ({
			id: person.id,
			name: person.name,
			picture: pictures.ofAny(person.faceIds),
			steps: binLane(table, person, told, { window: this.window, steps: STEPS, endS: this.endS })
		}));
	});
	readonly parts: readonly (Range & { readonly value: string; readonly title: string })[] = $derived.by(() => {
		const between = sections(this.whole, this.#film.notes.markers);
		return [
			{ value: WHOLE_FILM, title: 'Whole film', ...this.whole },
			...between.map((section, index) => ({ ...section, value: String(index) }))
		];
	});
	readonly people: readonly { readonly value: string; readonly title: string }[] = $derived.by(() => {
		const persons = this.#film.shownPeople.map(({ id, name }) => ({ value: String(id), title: name }));
		return [{ value: EVERYBODY, title: 'Everybody' }, ...persons];
	});
	readonly part: string = $derived(this.parts.some(({ value }) => value === this.#part) ? this.#part : WHOLE_FILM);
	readonly person: string = $derived(
		this.people.some(({ value }) => value === this.#person) ? this.#person : EVERYBODY
	);
	readonly figures: Figures = $derived.by(() => {
		return figuresOf(this.#film.table, this.#personsOf(this.person), this.#told(), this.#scope(this.part));
	});

	/** Labels of the model that is shown. */
	get labels(): readonly string[] {
		return this.#told().labels;
	}

	get only(): string | null {
		return this.#only;
	}

	get openS(): number | null {
		return this.#openS;
	}

	showOnly(label: string | null): void {
		this.#only = label;
	}

	choosePerson(value: string): void {
		this.#person = value;
	}

	choosePart(value: string): void {
		this.#part = value;
	}

	/** Shows less of the film (`factor` below 1) or more, around a moment; an infinite factor shows all. */
	zoom(factor: number, aboutS: number): void {
		const { fromS, toS } = this.window;
		const length = Math.max(LEAST_S, (toS - fromS) * factor);
		if (length >= this.whole.toS - this.whole.fromS) this.#window = null;
		else {
			const isIn = aboutS >= fromS && aboutS <= toS;
			const share = isIn ? (aboutS - fromS) / (toS - fromS) : 0.5;
			this.#moveTo(aboutS - share * length, length);
		}
	}

	/** Moves the window if a moment lies outside it. */
	follow(timeS: number): void {
		const { fromS, toS } = this.window;
		if (timeS >= fromS && timeS <= toS) return;
		this.#moveTo(timeS - (toS - fromS) * 0.1, toS - fromS);
	}

	/** Starts an excluded range, or ends it. */
	exclude(timeS: number): void {
		if (this.#openS === null) {
			this.#openS = timeS;
			return;
		}
		const [fromS, toS] = [Math.min(this.#openS, timeS), Math.max(this.#openS, timeS)];
		if (toS > fromS) this.#film.exclude({ fromS, toS });
		this.#openS = null;
	}

	/** What is there at a moment, in words. */
	describe(timeS: number): string {
		const { table, shownPeople } = this.#film;
		const index = table.indexAt(timeS);
		if (index < 0 || this.#film.drawing < 0) return 'Not read.';
		if (isLost(table, index, timeS)) return 'Damaged.';
		if (this.#film.isExcluded(timeS)) return 'Left out.';
		const words = shownPeople.flatMap(({ name, faceIds }) => {
			const row = rowOf(table, index, faceIds);
			return row === null ? [] : [`${name} ${labelAt(table, row, this.#told())}`];
		});
		return words.length === 0 ? 'No face.' : `${words.join(', ')}.`;
	}

	/** The episodes of each person that is shown, without excluded ranges. */
	episodes(): { name: string; episodes: ReturnType<typeof episodesOf> }[] {
		const scope = this.#scope(WHOLE_FILM);
		return this.#film.shownPeople.map((person) => ({
			name: person.name,
			episodes: episodesOf(this.#film.table, person, this.#told(), scope)
		}));
	}

	episodesOf(person: Person): ReturnType<typeof episodesOf> {
		return episodesOf(this.#film.table, person, this.#told(), this.#scope(WHOLE_FILM));
	}

	/** The figures of everybody and of each person, for each part of the film, as CSV. */
	allFigures(): string {
		const told = this.#told();
		return figuresToCsv(
			this.parts.flatMap(({ value: part, title }) =>
				this.people.map(({ value: person, title: name }) => ({
					part: title,
					person: name,
					figures: figuresOf(this.#film.table, this.#personsOf(person), told, this.#scope(part))
				}))
			)
		);
	}

	#personsOf(value: string): readonly Pick<Person, 'faceIds'>[] {
		const { people, shownPeople } = this.#film;
		// In a film without any face, the time was analysed all the same.
		if (people.length === 0) return [{ faceIds: [] }];
		return value === EVERYBODY ? shownPeople : shownPeople.filter(({ id }) => String(id) === value);
	}

	#scope(value: string): Scope {
		const { fromS, toS } = this.parts.find((each) => each.value === value) ?? this.whole;
		return { range: { fromS, toS }, excluded: this.#film.notes.excluded, endS: this.endS };
	}

	#moveTo(fromS: number, length: number): void {
		const { fromS: first, toS: last } = this.whole;
		const from = Math.max(first, Math.min(last - length, fromS));
		this.#window = { fromS: from, toS: from + length };
	}
}
