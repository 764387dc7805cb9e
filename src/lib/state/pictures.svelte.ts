import { PhotoSource } from '../sources/photo';
import type { Session } from './session.svelte';

export interface Picture {
	readonly id: number;
	readonly name: string;
	readonly file: Blob;
}

/** The pictures that a visitor chose, and which one is looked at. */
export class Pictures {
	#list: readonly Picture[] = $state.raw([]);
	#selectedId: number | null = $state.raw(null);
	#lastId = 0;
	readonly #session: Session;

	constructor(session: Session) {
		this.#session = session;
	}

	get list(): readonly Picture[] {
		return this.#list;
	}

	get selectedId(): number | null {
		return this.#selectedId;
	}

	/** Appends the files and looks at the first of them. */
	async add(files: readonly (Blob & { readonly name?: string })[]): Promise<void> {
		const added = files.map((file) => ({ id: ++this.#lastId, name: file.name ?? 'Pasted picture', file }));
		const [first] = added;
		if (first === undefined) return;
		this.#list = [...this.#list, ...added];
		await this.select(first.id);
	}

	/** Looks at another picture of the list. */
	async select(id: number): Promise<void> {
		const picture = this.#list.find((each) => each.id === id);
		if (picture === undefined) return;
		this.#selectedId = id;
		await this.#session.open(() => new PhotoSource(() => Promise.resolve(picture.file), picture.name));
	}

	/** Forgets every picture. */
	clear(): void {
		this.#list = [];
		this.#selectedId = null;
		this.#session.close();
	}
}
