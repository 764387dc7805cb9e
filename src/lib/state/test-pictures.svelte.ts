/** The labelled pictures that a visitor chose to measure models on. */
import { countBy } from './count-by';
import type { BenchmarkRequest, CsvSplit, PictureKind, Problem } from '../protocol/tasks';
import { sortByLabel, type SortedFiles } from '../sources/labelled-files';

type Chosen =
	| { readonly kind: 'csv'; readonly file: File }
	| { readonly kind: 'pictures'; readonly name: string; readonly sorted: SortedFiles<File> };

export class TestPictures {
	#chosen: Chosen | null = $state.raw(null);

	/** What was chosen, in numbers; null before. */
	readonly summary = $derived.by(() => {
		const chosen = this.#chosen;
		if (chosen === null) return null;
		if (chosen.kind === 'csv') return { kind: chosen.kind, name: chosen.file.name, bytes: chosen.file.size };
		const { labelled, unknown } = chosen.sorted;
		return {
			kind: chosen.kind,
			name: chosen.name,
			byLabel: countBy(labelled.map(({ label }) => label)).map(([label, n]) => ({ label, n })),
			unknown: countBy(unknown.map(({ folder }) => folder)).map(([folder, n]) => ({ folder, n }))
		};
	});

	/** Files that are left out from the start. */
	get problems(): Problem[] {
		if (this.#chosen?.kind !== 'pictures') return [];
		return this.#chosen.sorted.unknown.map(({ name, folder }) => ({
			kind: 'unknown-label',
			name,
			detail: folder === '' ? 'It lies in no folder.' : `The folder “${folder}” names no expression.`
		}));
	}

	/** One table, or pictures; `name` is the path within what was chosen or dropped. */
	choose(files: readonly { readonly name: string; readonly file: File }[]): void {
		const [first] = files;
		if (first === undefined) return;
		if (files.length === 1 && /\.(csv|gz)$/i.test(first.name)) {
			this.#chosen = { kind: 'csv', file: first.file };
			return;
		}
		const tops = countBy(files.map(({ name }) => name.split('/')[0] ?? ''));
		this.#chosen = {
			kind: 'pictures',
			name: tops.length === 1 ? (tops[0]?.[0] ?? '') : `${tops.length} folders and files`,
			sorted: sortByLabel(files.map(({ name, file }) => ({ path: name, file })))
		};
	}

	/** For a request: of a file the rows of `split`, of a folder pictures that are of this kind. */
	source(split: CsvSplit, show: PictureKind): BenchmarkRequest['source'] | null {
		if (this.#chosen === null) return null;
		return this.#chosen.kind === 'csv'
			? { kind: 'csv', file: this.#chosen.file, split }
			: { kind: 'pictures', files: this.#chosen.sorted.labelled, show };
	}
}
