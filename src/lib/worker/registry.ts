/** The classifiers of the manifest, each loaded when it is first asked for. Ensembles share the models of their members. */
import { createEnsemble } from '../core/ensemble';
import type { Classifier, Prior, Use } from '../core/types';
import { AppError, toAppError } from '../errors';
import type { EnsembleEntry, Manifest, ModelEntry } from '../manifest';

interface Disposable extends Classifier {
	dispose(): void;
}

export class Registry {
	readonly #entries: ReadonlyMap<string, ModelEntry>;
	readonly #ensembles: ReadonlyMap<string, EnsembleEntry>;
	readonly #load: (entry: ModelEntry) => Promise<Disposable>;
	readonly #loaded = new Map<string, Promise<Disposable>>();
	#retained: readonly string[] = [];
	/** What tasks beside the live analysis need, one entry a task. */
	readonly #held = new Set<readonly string[]>();

	/** `load` fetches, builds and compiles the model of an entry. */
	constructor(manifest: Manifest, load: (entry: ModelEntry) => Promise<Disposable>) {
		this.#entries = new Map(manifest.models.map((entry) => [entry.id, entry]));
		this.#ensembles = new Map(manifest.ensembles.map((entry) => [entry.id, entry]));
		this.#load = load;
	}

	/**
	 * The classifier of that id, with its own prior, loaded once however often it is asked for; a failed load is tried anew by the next
	 * call. Rejects with AppError 'model-unknown', 'model-invalid' for an ensemble of models that do not fit each other, or with
	 * what `load` threw.
	 */
	classifier(id: string): Promise<Classifier> {
		const ensemble = this.#ensembles.get(id);
		return ensemble === undefined ? this.#model(id) : this.#ensemble(ensemble);
	}

	/** What `withPrior` wants for it, where labels are to count so; undefined where they count as in training. */
	priorRatio(id: string, prior: Prior, use: Use): readonly number[] | undefined {
		if (prior === 'training') return undefined;
		return (this.#ensembles.get(id) ?? this.#entries.get(id))?.priorRatio?.[use];
	}

	/** Disposes all models but those that these ids or a task need; one that is still loading as soon as it is there. */
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

	async #ensemble(entry: EnsembleEntry): Promise<Classifier> {
		const members = await Promise.all(entry.members.map((member) => this.#model(member)));
		try {
			return createEnsemble(entry, members);
		} catch (error) {
			throw toAppError(error, 'model-invalid');
		}
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
		const needed = [...this.#retained, ...[...this.#held].flat()];
		const kept = new Set(needed.flatMap((id) => this.#ensembles.get(id)?.members ?? [id]));
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
