/** The labelled pictures that a visitor chose to measure models on. */
import { startTask, type Task, type TaskHost } from '../client/task';
import { type Numbering, numberingsOf, NUMBERINGS } from '../core/labels';
import type { LabelSources } from '../data-sets/beside';
import { isLabelNumber, isSeveral, numberedFolders, sortByLabel, type PathFile } from '../data-sets/folders';
import type { UnusedList } from '../data-sets/lists';
import { mayHoldLabels } from '../data-sets/list-names';
import { isPictureName, isTableName } from '../data-sets/names';
import type { NamedBlob } from '../data-sets/tables';
import { type AppError, toAppError } from '../errors';
import type { BenchmarkRequest, PictureKind, Problem } from '../protocol/tasks';
import { countBy } from './count-by';
import { choicesOf, numbersOf, type TitledChoice } from './row-choices';

type Chosen =
	| {
			readonly kind: 'tables';
			readonly name: string;
			readonly files: readonly NamedBlob[];
			/** Null until they have been looked through. */
			readonly choices: readonly TitledChoice[] | null;
			/** The numbers that their rows have as labels. */
			readonly numbers: readonly number[];
			readonly skipped: readonly Problem[];
			readonly error: AppError | null;
	  }
	| {
			readonly kind: 'pictures';
			readonly name: string;
			readonly files: readonly PathFile<File>[];
			/** Lists of labels next to them; null if there are none, or if they say less than the folders. */
			readonly listed: LabelSources<File>['listed'] | 'being-read';
			/** Lists that are not used, and why. */
			readonly notRead: readonly UnusedList[];
	  };

/** How to read numbers that stand for labels: not said yet (null), as in a data set, or not at all. */
type NumbersChoice = Numbering | 'left-out' | null;

export class TestPictures {
	#chosen: Chosen | null = $state.raw(null);
	#numbers: NumbersChoice = $state.raw(null);
	#task: Task | null = null;
	readonly #host: TaskHost;

	constructor(host: TaskHost) {
		this.#host = host;
	}

	readonly #numbered = $derived(
		this.#chosen?.kind === 'pictures' ? numberedFolders(this.#chosen.files, listsOf(this.#chosen)) : null
	);
	/** What the numbers of tables may mean, and what they mean by default: most tables are FER2013's. */
	readonly #numberedRows = $derived.by(() => {
		if (this.#chosen?.kind !== 'tables' || this.#chosen.numbers.length === 0) return null;
		const { numbers, files } = this.#chosen;
		const fitting = numberingsOf(numbers, [...files.map(({ name }) => name), this.#chosen.name]);
		const [fer2013] = NUMBERINGS;
		// Rows of an eighth expression may be left out.
		const numberings = fer2013 === undefined || fitting.includes(fer2013) ? fitting : [...fitting, fer2013];
		return { numbers, numberings, usual: fitting[0] === fer2013 ? (fer2013 ?? null) : null };
	});
	readonly #sorted = $derived(
		this.#chosen?.kind === 'pictures'
			? sortByLabel(
					this.#chosen.files,
					typeof this.#numbers === 'object' ? this.#numbers : null,
					// The list may contradict the files' names.
					this.#chosen.notRead.length === 0
				)
			: null
	);

	/** What was chosen, in numbers; null if nothing was. */
	readonly summary = $derived.by(() => {
		const [chosen, sorted] = [this.#chosen, this.#sorted];
		if (chosen === null) return null;
		if (chosen.kind === 'tables') {
			const bytes = chosen.files.reduce((sum, { file }) => sum + file.size, 0);
			const { kind, name, choices, skipped, error } = chosen;
			return { kind, name, bytes, choices, skipped, error, numbers: this.#rowNumbers };
		}
		return {
			kind: chosen.kind,
			name: chosen.name,
			byLabel: countBy((sorted?.labelled ?? []).map(({ label }) => label)).map(([label, n]) => ({ label, n })),
			// Numbers whose meaning is still asked for are not unknown names.
			unknown: countBy((sorted?.unknown ?? []).map(({ said }) => (isSeveral(said) ? null : said)))
				.map(([said, n]) => ({ said, n }))
				.filter(
					({ said }) => this.#numbers !== null || this.#numbered === null || said === null || !isLabelNumber(said)
				),
			guessed: [...(sorted?.guessed ?? [])].map(([folder, label]) => ({ folder, label })),
			named: [...(sorted?.named ?? [])].map(([label, file]) => ({ label, file })),
			listed: chosen.listed,
			notRead: chosen.notRead,
			numbers:
				this.#numbered === null ? null : { ...this.#numbered, chosen: this.#numbers, isAsked: this.#numbers === null }
		};
	});

	readonly #rowNumbers = $derived.by(() => {
		if (this.#numberedRows === null) return null;
		const { numbers, numberings, usual } = this.#numberedRows;
		const chosen = typeof this.#numbers === 'object' ? (this.#numbers ?? usual) : null;
		return { numbers, numberings, chosen, isAsked: chosen === null };
	});

	/** Files that are left out from the start. */
	get problems(): Problem[] {
		const byList = this.#chosen?.kind === 'pictures' && this.#chosen.listed !== null;
		const describe = (said: string): string => {
			if (isSeveral(said)) return `The list has several labels for it: ${said}.`;
			if (byList) return said === '' ? 'No list names it.' : `The list has “${said}”, which names no expression.`;
			return said === '' ? 'It is not in a folder.' : `The folder “${said}” names no expression.`;
		};
		return (this.#sorted?.unknown ?? []).map(({ name, said }) => ({
			kind: 'unknown-label',
			name,
			detail: describe(said)
		}));
	}

	/** Tables of FER2013, or pictures; `name` is the path within what was chosen or dropped. */
	choose(files: readonly { readonly name: string; readonly file: File }[]): void {
		if (files.length === 0) return;
		this.#task?.cancel();
		this.#task = null;
		this.#numbers = null;
		const tops = countBy(files.map(({ name }) => name.split('/')[0] ?? ''));
		const name = tops.length === 1 ? (tops[0]?.[0] ?? '') : `${tops.length} folders and files`;
		// A table next to pictures is their list; a folder with a table and a readme is FER2013 unpacked.
		const arePictures = files.some(({ name, file }) => isPictureName(name) || file.type.startsWith('image/'));
		const named = files.filter(({ name }) => isTableName(name));
		// Without tables, the largest file is the one whose refusal is told.
		const others = files.filter(({ name }) => mayHoldLabels(name)).toSorted((a, b) => a.file.size - b.file.size);
		const tables = files.length === 1 ? files : named.length > 0 ? named : others;
		if (tables.length > 0 && !arePictures)
			void this.#inspect(tables.length === 1 ? (tables[0]?.name ?? name) : name, tables);
		else void this.#choosePictures(name, files);
	}

	async #choosePictures(name: string, all: readonly { readonly name: string; readonly file: File }[]): Promise<void> {
		const files = all.filter(({ name }) => !mayHoldLabels(name)).map(({ name, file }) => ({ path: name, file }));
		const lists = all.filter(({ name, file }) => mayHoldLabels(name) && file.size > 0);
		const chosen = { kind: 'pictures', name, files, listed: null, notRead: [] } as const;
		this.#chosen = chosen;
		if (lists.length === 0) return;
		const reading = { ...chosen, listed: 'being-read' } as const;
		this.#chosen = reading;
		const { labelsBeside } = await import('../data-sets/beside');
		const found = await labelsBeside(files, lists);
		if (this.#chosen === reading) this.#chosen = { ...chosen, ...found };
	}

	/** Says how to read numbers that stand for labels. */
	readNumbers(as: NumbersChoice): void {
		this.#numbers = as;
	}

	async #inspect(name: string, files: readonly NamedBlob[]): Promise<void> {
		const chosen = { kind: 'tables', name, files, choices: null, numbers: [], skipped: [], error: null } as const;
		this.#chosen = chosen;
		const stillChosen = (): boolean => this.#chosen === chosen;
		const task = startTask(this.#host, { type: 'inspect', files }, (event) => {
			if (event.type !== 'tables' || !stillChosen()) return;
			this.#chosen = {
				...chosen,
				choices: choicesOf(event.tables),
				numbers: numbersOf(event.tables),
				skipped: event.skipped
			};
		});
		this.#task = task;
		try {
			await task.finished;
		} catch (thrown) {
			if (stillChosen()) this.#chosen = { ...chosen, error: toAppError(thrown, 'data-unreadable') };
		}
	}

	/** For a request: these rows of tables, or a folder's pictures of this kind. Null while a choice is missing. */
	source(choice: number, show: PictureKind): BenchmarkRequest['source'] | null {
		const chosen = this.#chosen;
		if (chosen === null) return null;
		if (chosen.kind === 'pictures') {
			if (chosen.listed === 'being-read' || (this.#numbered !== null && this.#numbers === null)) return null;
			return { kind: 'pictures', files: this.#sorted?.labelled ?? [], show };
		}
		const rows = chosen.choices?.[choice];
		const numbers = this.#rowNumbers;
		if (rows === undefined || numbers?.isAsked === true) return null;
		const { title, labels } = numbers?.chosen ?? {};
		const numbering = title === undefined || labels === undefined ? null : { title, labels };
		return { kind: 'csv', files: chosen.files, rows, numbering };
	}
}

const listsOf = ({ listed }: Extract<Chosen, { kind: 'pictures' }>): readonly string[] =>
	listed === null || listed === 'being-read' ? [] : listed.lists;
