/** The classifiers of the manifest, each loaded when it is first asked for. */
import type { Classifier } from '../core/types';
import { AppError } from '../errors';
import type { Manifest, ModelEntry } from '../manifest';

interface Disposable extends Classifier {
	dispose(): void;
}

export class Registry {
	readonly #entries: ReadonlyMap<string, ModelEntry>;
	readonly #load: (entry: ModelEntry) => Promise<Disposable>;
	readonly #loaded = new Map<string, Promise<Disposable>>();

	/** `load` fetches, builds and compiles the model of an entry. */
	constructor(manifest: Manifest, load: (entry: ModelEntry) => Promise<Disposable>) {
		this.#entries = new Map(manifest.models.map((entry) => [entry.id, entry]));
		this.#load = load;
	}

	/**
	 * The classifier of that id, loaded once however often it is asked for; a failed load is tried anew by the next call.
	 * Rejects with AppError 'model-unknown', or with what `load` threw.
	 */
	classifier(id: string): Promise<Classifier> {
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

	/** Disposes all classifiers but those of these ids; one that is still loading as soon as it is there. */
	retain(ids: readonly string[]): void {
		for (const [id, loading] of [...this.#loaded]) {
			if (ids.includes(id)) continue;
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
