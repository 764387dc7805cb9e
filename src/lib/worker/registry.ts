/** The classifiers of the manifest, each loaded on first request. Both views of a model share its network. */
import { withMirrorImage } from '../core/mirror';
import type { Classifier, Prior, Use } from '../core/types';
import { AppError } from '../errors';
import { mirroredId, type Manifest, type MirrorView, type ModelEntry } from '../manifest';

interface Disposable extends Classifier {
	dispose(): void;
}

export class Registry {
	readonly #entries: ReadonlyMap<string, ModelEntry>;
	/** By the id of the classifier that averages with the mirror image. */
	readonly #mirrored: ReadonlyMap<string, { readonly model: string; readonly view: MirrorView }>;
	readonly #load: (entry: ModelEntry) => Promise<Disposable>;
	readonly #loaded = new Map<string, Promise<Disposable>>();
	#retained: readonly string[] = [];
	/** Models needed by tasks beside the live analysis, one entry per task. */
	readonly #held = new Set<readonly string[]>();

	/** `load` fetches, builds and compiles the model of an entry. */
	constructor(manifest: Manifest, load: (entry: ModelEntry) => Promise<Disposable>) {
		this.#entries = new Map(manifest.models.map((entry) => [entry.id, entry]));
		this.#mirrored = new Map(
			manifest.models.flatMap(({ id, mirrored: view }) =>
				view === undefined ? [] : [[mirroredId(id), { model: id, view }]]
			)
		);
		this.#load = load;
	}

	/**
	 * The classifier with that id, with labels weighted as in training, loaded only once; the next call retries a
	 * failed load. Rejects with AppError 'model-unknown' or with what `load` threw.
	 */
	async classifier(id: string): Promise<Classifier> {
		const mirrored = this.#mirrored.get(id);
		if (mirrored === undefined) return this.#model(id);
		return withMirrorImage(id, await this.#model(mirrored.model), mirrored.view);
	}

	/** The ratio for `withPrior`; undefined if labels count as in training. */
	priorRatio(id: string, prior: Prior, use: Use): readonly number[] | undefined {
		if (prior === 'training') return undefined;
		return this.#entries.get(this.#modelOf(id))?.priorRatio?.[use];
	}

	/** Disposes all models except those that these ids or a task need; one that is still loading, once it is loaded. */
	retain(ids: readonly string[]): void {
		this.#retained = ids;
		this.#disposeOthers();
	}

	/** Keeps the models of these ids, whatever is retained, until the returned function is called. */
	hold(ids: readonly string[]): () => void {
		const held = [...ids];
		this.#held.add(held);
		return () => {
			if (this.#held.delete(held)) this.#disposeOthers();
		};
	}

	/** Id of the model that a classifier runs. */
	#modelOf(id: string): string {
		return this.#mirrored.get(id)?.model ?? id;
	}

	#model(id: string): Promise<Classifier> {
		const known = this.#loaded.get(id);
		if (known !== undefined) return known;
		const entry = this.#entries.get(id);
		if (entry === undefined) return Promise.reject(new AppError('model-unknown', `No model "${id}" in the manifest`));
		const loading = this.#load(entry);
		this.#loaded.set(id, loading);
		loading.catch(() => {
			if (this.#loaded.get(id) === loading) this.#loaded.delete(id);
		});
		return loading;
	}

	#disposeOthers(): void {
		const kept = new Set([...this.#retained, ...[...this.#held].flat()].map((id) => this.#modelOf(id)));
		for (const [id, loading] of [...this.#loaded]) {
			if (kept.has(id)) continue;
			this.#loaded.delete(id);
			loading.then(
				(classifier) => {
					classifier.dispose();
				},
				() => undefined
			);
		}
	}
}
